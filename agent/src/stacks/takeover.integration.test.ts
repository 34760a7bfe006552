import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import type { Told } from '../jobs/testing.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { forever } from '../docker/testing.ts';
import { asJob, deployment, eachCompose, running, runs, testStacks, type TestStacks } from './testing.ts';

const privileged = 'docker:containers:privileged';
const file = `version: "3.8"\n${running(testImages.busybox)}`;

const authority = (...scopes: string[]) => ({ scopes: new Set(scopes), deniesPath: () => false });

const takeOver = (
  { stacks, name }: TestStacks,
  path: string | null,
  scopes: readonly string[] = [privileged],
): Promise<Told> =>
  asJob(async (job) => {
    const asked = { name, authority: authority(...scopes) };
    const source = await stacks.source({ ...asked, path });
    return stacks.takeOver({ ...asked, source, actor: 'usr_1', timeoutMs: 60_000 }, job);
  });

/** A folder of somebody's at the host. */
async function home(text = file): Promise<TempDir> {
  const dir = await tempDir('sk-home-');
  await mkdir(dir.file('app'));
  await writeFile(dir.file('app/docker-compose.yml'), text);
  return dir;
}

const byHand = (stack: TestStacks, dir: TempDir, ...more: string[]): Promise<string> =>
  stack.cli(
    '--project-directory',
    dir.file('app'),
    '--file',
    dir.file('app/docker-compose.yml'),
    ...more,
    'up',
    '--detach',
  );

describeWith(['docker', 'compose'], 'taking a stack over on the real engine', () => {
  describe.each(eachCompose())('with $title', ({ command }) => {
    test('leaves its containers alone, and what is deployed next stands in its own file', async () => {
      await using dir = await home();
      await using stack = await testStacks(command);
      await byHand(stack, dir);
      const before = await runs(stack.name);
      expect((await takeOver(stack, null)).job).toMatchObject({ state: 'SUCCEEDED', result: { version: 1 } });
      expect(await runs(stack.name)).toBe(before);
      const found = await stack.stacks.get(stack.name);
      expect(found).toMatchObject({ managed: true, version: 1, folder: dir.file('app') });
      const files = { compose: file, env: '' };
      expect(stack.stacks.files(stack.name)).toEqual(files);
      const plan = await stack.stacks.plan(stack.name, files, forever);
      expect(plan.services.map(({ action }) => action)).toEqual(['NONE']);

      const compose = running(testImages.busybox, 'bye');
      const next = await deployment(stack, compose, { baseVersion: 1, scopes: [privileged] });
      expect(next.job.result).toEqual({ version: 2 });
      expect(await readFile(dir.file('app/docker-compose.yml'), 'utf8')).toBe(compose);
    }, 120_000);
  });

  test('makes one from files that lie there already, and leaves nothing where it does not come up', async () => {
    await using dir = await home(running(testImages.busybox).replace(/command: .*/, 'command: ["false"]'));
    await using stack = await testStacks(eachCompose()[0]?.command);
    expect((await takeOver(stack, dir.file('app'))).job.state).toBe('FAILED');
    expect(await stack.stacks.get(stack.name)).toBeNull();
    await writeFile(dir.file('app/docker-compose.yml'), running(testImages.busybox));
    expect((await takeOver(stack, dir.file('app'))).job.result).toEqual({ version: 1 });
    expect(await runs(stack.name)).not.toBe('');
    expect((await takeOver(stack, dir.file('app'))).job.errorCode).toBe('CONFLICT');
  }, 120_000);

  test('takes the scope, and goes by where the stack is known to come from', async () => {
    await using dir = await home();
    await using other = await home();
    await using stack = await testStacks(eachCompose()[0]?.command);
    expect((await takeOver(stack, null)).job.errorCode).toBe('NOT_FOUND');
    await byHand(stack, dir);
    expect((await takeOver(stack, null, [])).job.errorCode).toBe('PRIVILEGE_NEEDED');
    expect((await takeOver(stack, other.file('app'))).job).toMatchObject({
      errorCode: 'CONFLICT',
      errorMessage: expect.stringContaining(dir.file('app/docker-compose.yml')) as unknown,
    });
    await writeFile(
      dir.file('app/more.yml'),
      'version: "3.8"\nservices: { web: { environment: { A: b } } }\n',
    );
    await byHand(stack, dir, '--file', dir.file('app/more.yml'));
    expect((await takeOver(stack, null)).job.errorMessage).toContain('several files');
    expect(await stack.stacks.get(stack.name)).toMatchObject({ managed: false });
  });

  test('takes none that names secrets, though it runs: the next deployment would have them to go back to', async () => {
    await using dir = await home();
    await using stack = await testStacks(eachCompose()[0]?.command);
    await byHand(stack, dir);
    await writeFile(
      dir.file('app/docker-compose.yml'),
      file.replace('GREETING: hello', 'GREETING: "${secret:db_password}"'),
    );
    expect((await takeOver(stack, null)).job).toMatchObject({
      errorCode: 'CONFLICT',
      errorMessage: expect.stringContaining('db_password') as unknown,
    });
    expect(await stack.stacks.get(stack.name)).toMatchObject({ managed: false });
  });

  test('leaves its files to those who may open files of the server, and what is put in their place to nobody', async () => {
    await using dir = await home();
    await using stack = await testStacks(eachCompose()[0]?.command);
    await byHand(stack, dir);
    expect((await takeOver(stack, null)).job.state).toBe('SUCCEEDED');
    const before = await runs(stack.name);
    const compose = `${file}    volumes: [ "./other:/other" ]\n`;
    expect((await deployment(stack, compose, { baseVersion: 1 })).job.errorCode).toBe('PRIVILEGE_NEEDED');
    expect(await runs(stack.name)).toBe(before);
    expect(() => stack.stacks.enter(stack.name, authority())).toThrow(privileged);
    expect(() => stack.stacks.enter(stack.name, authority(privileged))).not.toThrow();
    await symlink('/etc/hostname', dir.file('app/.env'));
    expect(() => stack.stacks.files(stack.name)).toThrow('symbolic link');
    await rm(dir.file('app/.env'));
    await run('mkfifo', [dir.file('app/.env')]);
    expect(() => stack.stacks.files(stack.name)).toThrow('is not a file');
  });
});
