import { cpSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { gitServer, type GitFile, type GitServer } from '../../../testing/git-server.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { AgentStops, type JobHandle } from '../jobs/job.ts';
import type { Told } from '../jobs/testing.ts';
import { silentLog } from '../log.ts';
import { withRemote, type GitSource } from './git-remote.ts';
import { readTree, type ReadTree } from './git-tree.ts';
import { asJob, eachCompose, running, runs, testStacks, type TestStacks } from './testing.ts';

afterEach(() => vi.unstubAllEnvs());

const never = new AbortController().signal;

function sourceOf({ url, authorityFile }: GitServer, given: Partial<GitSource> = {}): GitSource {
  vi.stubEnv('GIT_SSL_CAINFO', authorityFile);
  const nothing = { username: null, token: null, privateKey: null, knownHosts: null };
  return { url, branch: 'main', path: 'compose.yaml', ...nothing, ...given };
}

async function fetched(source: GitSource): Promise<ReadTree> {
  await using dir = await tempDir('sk-scratch-');
  const tree = await withRemote(source, { scratch: dir.path, signal: never }, async (remote) =>
    readTree(remote, (await remote.fetch()).commit, source),
  );
  expect(await readdir(dir.path), 'nothing is left of it').toEqual([]);
  return tree;
}

describeWith('git', 'a repository', () => {
  test('is read with a token that stands in no command and no variable, and with no other', async () => {
    await using server = await gitServer({ credentials: { username: 'ada', password: 'hunter2-token' } });
    const commit = await server.commit({
      'shop/compose.yaml': 'services: {}',
      'shop/conf/a': '1',
      other: 'x',
    });
    const source = sourceOf(server, { path: 'shop/compose.yaml', username: 'ada', token: 'hunter2-token' });
    const tree = await fetched(source);
    expect(tree).toMatchObject({ commit, compose: 'services: {}', notes: [] });
    expect(tree.files.map(({ path, bytes }) => [path, bytes.toString()])).toEqual([['conf/a', '1']]);
    const before = server.letIn;
    await expect(fetched({ ...source, token: 'wrong-token' })).rejects.toThrow(
      /does not accept these credentials/,
    );
    await expect(fetched({ ...source, token: null })).rejects.toThrow(/not open to everybody/);
    expect(server.letIn).toBe(before);
  });

  test('with two stacks in one folder has other files for each, by another name', async () => {
    await using server = await gitServer();
    await server.commit({ 'a.yaml': 'services: {}', 'b.yaml': 'services: {}', both: 'x' });
    const [one, again, other] = [
      await fetched(sourceOf(server, { path: 'a.yaml' })),
      await fetched(sourceOf(server, { path: 'a.yaml' })),
      await fetched(sourceOf(server, { path: 'b.yaml' })),
    ];
    expect(one.files.map(({ path }) => path)).toEqual(['b.yaml', 'both']);
    expect(other.files.map(({ path }) => path)).toEqual(['a.yaml', 'both']);
    expect(again.id).toBe(one.id);
    expect(other.id).not.toBe(one.id);
  });

  test('that is hostile brings nothing about', async () => {
    await using server = await gitServer();
    const compose = { 'compose.yaml': 'services: {}' };
    const refused = async (files: Readonly<Record<string, GitFile>>, why: RegExp): Promise<void> => {
      await server.commit({ ...compose, ...files });
      await expect(fetched(sourceOf(server))).rejects.toThrow(why);
    };
    const link = (text: string): GitFile => ({ mode: '120000', text });
    await refused({ 'conf/out': link('../../etc/passwd') }, /conf\/out is a symbolic link that leads out/);
    await refused({ out: link('/etc/passwd') }, /leads out/);
    await refused({ 'compose.yaml': link('/etc/passwd') }, /There is no file compose.yaml/);
    await refused({ 'a\\b': 'x' }, /must not be in a stack's folder/);
    await refused({ large: 'x'.repeat(17 * 1024 * 1024) }, /16 MB are the most/);
    await server.commit({
      ...compose,
      inside: link('compose.yaml'),
      '.env': 'A=1',
      module: { mode: '160000', text: '1'.repeat(40) },
      '.gitattributes': '* filter=lfs',
    });
    const { files, notes } = await fetched(sourceOf(server));
    expect(files.map(({ path }) => path)).toEqual(['.gitattributes']);
    expect(notes.toSorted()).toEqual([
      '.env is left out: the stack has its own on the server.',
      'inside is a symbolic link, and is left out.',
      'module is a submodule, and is left out.',
    ]);
    for (const wrong of [
      { url: 'ext::sh -c "touch /tmp/x"' },
      { url: `file://${server.folder}` },
      { branch: '--upload-pack=touch /tmp/x' },
      { path: '../compose.yaml' },
    ]) {
      await expect(fetched(sourceOf(server, wrong))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    await expect(fetched(sourceOf(server, { branch: 'gone' }))).rejects.toThrow(/no branch gone/);
  });
});

const deploying = (
  stack: TestStacks,
  source: GitSource,
  {
    env = null,
    baseVersion = null,
    stopAt,
    stops = () => undefined,
  }: {
    env?: string | null;
    baseVersion?: number | null;
    /** The agent stops at this step. */
    stopAt?: string;
    /** Just before that. */
    stops?: () => void;
  } = {},
): Promise<Told> =>
  asJob(async (job) => {
    const stopping = new AbortController();
    const handle: JobHandle = {
      ...job,
      signal: AbortSignal.any([job.signal, stopping.signal]),
      step(name) {
        job.step(name);
        if (name !== stopAt) return;
        stops();
        stopping.abort(new AgentStops());
      },
    };
    const result = await stack.stacks.gitDeploy(
      {
        name: stack.name,
        source,
        env,
        commit: null,
        baseVersion,
        pull: false,
        timeoutMs: 60_000,
        actor: 'usr_1',
        authority: { scopes: new Set(), deniesPath: () => false },
      },
      handle,
    );
    job.line('Compose says: hunter2, from-the-repository');
    return result;
  });

/** With a file beside it, which Compose mounts, and a variable of the env file, which the repository does not have. */
const composed = (greeting: string): string =>
  `${running(testImages.busybox, greeting)}    env_file: app.env\n    volumes: ["./conf:/conf:ro"]\n    labels:\n      told: "\${SECRET}"\n      api_token: from-the-repository\n`;

describeWith(['docker', 'compose', 'git'], 'stacks from a repository on the real engine', () => {
  const [tool] = eachCompose();

  test('are planned, deployed, deployed anew and gone back to with the files of their commit', async () => {
    await using server = await gitServer();
    await using stack = await testStacks(tool?.command);
    const files = (text: string) => ({
      'compose.yaml': composed(text),
      'conf/a': text,
      'app.env': `FROM_FILE=${text}`,
    });
    const first = await server.commit(files('one'));
    const source = sourceOf(server);
    const plan = await stack.stacks.gitPlan({ name: stack.name, source, env: 'SECRET=hunter2' }, never);
    expect(plan).toMatchObject({ commit: first, compose: composed('one') });
    expect(plan.plan).toMatchObject({ problems: [], privileged: [], warnings: [] });
    expect(plan.plan.services).toMatchObject([{ service: 'web', action: 'CREATE' }]);
    expect(await readdir(stack.folder), 'a plan changes nothing').toEqual([]);

    const { job, lines } = await deploying(stack, source, { env: 'SECRET=hunter2' });
    expect(lines.at(-1)?.text).toBe('Compose says: •••, •••');
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { version: 1, commit: first } });
    const file = (name: string) => `${stack.folder}/${stack.name}/${name}`;
    expect(await readFile(file('conf/a'), 'utf8')).toBe('one');
    expect(await readFile(file('.env'), 'utf8')).toBe('SECRET=hunter2');
    const ran = await runs(stack.name);

    const second = await server.commit(files('two'));
    expect((await deploying(stack, source, { baseVersion: 1 })).job.result).toEqual({
      version: 2,
      commit: second,
    });
    expect(await readFile(file('conf/a'), 'utf8')).toBe('two');
    expect(stack.stacks.files(stack.name)?.env, 'it stays on the server').toBe('SECRET=hunter2');
    expect(stack.stacks.versions(stack.name).map(({ commit }) => commit)).toEqual([second, first]);

    await server.commit({
      ...files('three'),
      'compose.yaml': composed('three').replace(/command: .*/, 'command: ["false"]'),
    });
    const failed = await deploying(stack, source, { baseVersion: 2 });
    expect(failed.job).toMatchObject({ state: 'FAILED' });
    expect(failed.job.errorMessage).toMatch(/Version 2 runs again\.$/);
    expect(await readFile(file('conf/a'), 'utf8'), 'its files as well').toBe('two');

    const options = { name: stack.name, baseVersion: 2, timeoutMs: 60_000, actor: 'usr_1' };
    const authority = { scopes: new Set<string>(), deniesPath: () => false };
    const back = await asJob(async (handle) => {
      const result = await stack.stacks.restore(1, { ...options, authority }, handle);
      handle.line('Compose says: hunter2, from-the-repository');
      return result;
    });
    expect(back.job.result).toEqual({ version: 3 });
    expect(back.lines.at(-1)?.text).toBe('Compose says: •••, •••');
    expect(await readFile(file('conf/a'), 'utf8')).toBe('one');
    expect(await runs(stack.name)).toBe(ran);
    expect(stack.stacks.versions(stack.name)[0]).toMatchObject({ restores: 1, commit: first });
  }, 180_000);

  test('are judged like any other: nothing is laid or touched of what is refused', async () => {
    await using server = await gitServer();
    await using stack = await testStacks(tool?.command);
    const source = sourceOf(server);
    await server.commit({
      'compose.yaml': `${running(testImages.busybox)}    volumes: ["/:/host"]\n`,
      bad: 'x',
    });
    expect((await deploying(stack, source)).job).toMatchObject({
      state: 'FAILED',
      errorCode: 'PRIVILEGE_NEEDED',
    });
    const reaching = 'services:\n  web:\n    extends: { file: ../other/compose.yaml, service: web }\n';
    await server.commit({ 'compose.yaml': reaching, bad: 'x' });
    const { job } = await deploying(stack, source);
    expect(job.errorMessage).toMatch(/extends\.file must be the plain name/);
    await expect(stat(`${stack.folder}/${stack.name}/bad`)).rejects.toThrow('ENOENT');
    expect(stack.stacks.versions(stack.name)).toEqual([]);
  });

  test('whose files cannot be laid are not begun, so that nothing is undone later', async () => {
    await using server = await gitServer();
    await using stack = await testStacks(tool?.command);
    await server.commit({ 'compose.yaml': running(testImages.busybox), conf: 'x' });
    await mkdir(`${stack.folder}/${stack.name}/conf`, { recursive: true });
    const { job } = await deploying(stack, sourceOf(server));
    expect(job.errorCode).toBe('CONFLICT');
    expect(await readdir(stack.notes)).toEqual([]);
  });

  test('that the end of the agent interrupts have their files put back, at once or by the next agent', async () => {
    await using server = await gitServer();
    await using stack = await testStacks(tool?.command);
    const files = (text: string) => ({
      'compose.yaml': `${running(testImages.busybox, text)}    volumes: ["./conf:/conf:ro"]\n`,
      'conf/a': text,
    });
    const source = sourceOf(server);
    await server.commit(files('one'));
    expect((await deploying(stack, source)).job.state).toBe('SUCCEEDED');
    const ran = await runs(stack.name);
    const file = `${stack.folder}/${stack.name}/conf/a`;
    await writeFile(file, 'by hand');
    await server.commit(files('two'));
    // What an agent leaves that is killed there.
    const killed = `${stack.folder}/killed`;
    const stops = (): void => cpSync(stack.notes, killed, { recursive: true });
    const end = await deploying(stack, source, { baseVersion: 1, stopAt: 'Health', stops });
    expect(end.job.state).toBe('FAILED');
    expect(await readFile(file, 'utf8')).toBe('by hand');
    expect(await runs(stack.name)).not.toBe(ran);
    await rm(stack.notes, { recursive: true });
    await rename(killed, stack.notes);

    const told = (): Promise<string> =>
      new Promise((resolve) => {
        const tell = (words: string, details: unknown): void =>
          resolve(`${words} ${JSON.stringify(details)}`);
        stack.again({ ...silentLog, warn: tell, error: tell });
      });
    await cp(stack.notes, killed, { recursive: true });
    await writeFile(file, 'two, and by hand');
    expect(await told()).toMatch(/is left as it is .*Somebody has changed conf\/a in its folder since/);
    expect(await readFile(file, 'utf8')).toBe('two, and by hand');
    expect(await readdir(stack.notes)).toEqual([]);

    await cp(killed, stack.notes, { recursive: true });
    await writeFile(file, 'two');
    expect(await told()).toMatch(/^a deployment was undone that the end of the agent had interrupted/);
    expect(await runs(stack.name)).toBe(ran);
    expect(await readFile(file, 'utf8')).toBe('by hand');
    expect(await readdir(stack.notes)).toEqual([]);
  }, 120_000);
});
