import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { docker as cli, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { testJobs } from '../jobs/testing.ts';
import { silentLog } from '../log.ts';
import { asJob, deployment, eachCompose, running, runs, testStacks, type TestStacks } from './testing.ts';

const failing = (image: string) =>
  running(image).replace(
    /command: .*/,
    'command: ["sh", "-c", "echo there is no config >&2; echo I am hunter2; exit 7"]',
  );

/** Another image under the same name, and the first one again afterwards. */
async function twoImages(): Promise<
  { readonly name: string; readonly move: () => Promise<void> } & AsyncDisposable
> {
  const name = `serverkit-test/stack-${uniqueName('i')}:1`;
  await cli('tag', testImages.busybox, name);
  const moved: string[] = [];
  return {
    name,
    async move() {
      const box = (await cli('create', testImages.busybox)).trim();
      moved.push((await cli('commit', '--change', 'LABEL moved=yes', box, name)).trim());
      await cli('rm', box);
    },
    async [Symbol.asyncDispose]() {
      // Going back takes the name off the second one, which is then only known by its id.
      for (const image of [name, ...moved]) {
        await cli('rmi', '--force', image).catch((error: unknown) => {
          if (!String(error).includes('No such image')) throw error;
        });
      }
    },
  };
}

describeWith(['docker', 'compose'], 'deployments on the real engine', () => {
  describe.each(eachCompose())('with $title', ({ command }) => {
    test('bring a stack up, keep its files and its version; going back restores images and hashes', async () => {
      await using image = await twoImages();
      await using stack = await testStacks(command);
      const { job } = await deployment(stack, running(image.name), { env: 'SECRET=hunter2\n' });
      expect(job).toMatchObject({ state: 'SUCCEEDED', result: { version: 1 } });
      const first = await runs(stack.name);
      expect(await readFile(`${stack.folder}/${stack.name}/compose.yaml`, 'utf8')).toBe(running(image.name));
      const [version] = stack.stacks.versions(stack.name);
      const [service] = version?.services ?? [];
      expect(`${service?.imageId} ${service?.configHash}`).toBe(first);

      await image.move();
      const second = await deployment(stack, running(image.name, 'bye'), { baseVersion: 1 });
      expect(second.job.result).toEqual({ version: 2 });
      expect(await runs(stack.name)).not.toBe(first);

      await using jobs = await testJobs();
      const { ended } = jobs.begin({
        run: (handle) =>
          stack.stacks.restore(
            1,
            {
              name: stack.name,
              baseVersion: 2,
              timeoutMs: 60_000,
              actor: 'usr_1',
              authority: { scopes: new Set(), deniesPath: () => false },
            },
            handle,
          ),
      });
      expect((await ended).job).toMatchObject({ state: 'SUCCEEDED', result: { version: 3 } });
      expect(await runs(stack.name)).toBe(first);
      expect(stack.stacks.versions(stack.name)[0]?.restores).toBe(1);
    }, 120_000);

    test('that fail or are cancelled leave what ran before running', async () => {
      await using stack = await testStacks(command);
      const nothing = await deployment(stack, failing(testImages.busybox), { env: 'SECRET=hunter2\n' });
      // The container is gone, and its log with it.
      const said = nothing.lines.map(({ text }) => text);
      expect(said).toEqual(
        expect.arrayContaining(['there is no config', expect.stringMatching(/^I am (?!hunter2)/)]),
      );
      expect(nothing.job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR' });
      expect(nothing.job.errorMessage).toMatch(/7.* Nothing of it runs, as before\.$/);
      expect(await runs(stack.name)).toBe('');
      expect(stack.stacks.versions(stack.name)).toEqual([]);
      expect(await readdir(stack.folder)).toEqual([]);

      await deployment(stack, running(testImages.busybox));
      const before = await runs(stack.name);
      const failed = await deployment(stack, failing(testImages.busybox), { baseVersion: 1 });
      expect(failed.job.state).toBe('FAILED');
      expect(failed.job.errorMessage).toMatch(/ Version 1 runs again\.$/);
      expect(await runs(stack.name)).toBe(before);
      const cancelled = await deployment(stack, running(testImages.busybox, 'bye'), {
        baseVersion: 1,
        cancel: 'Health',
      });
      expect(cancelled.job.state).toBe('CANCELLED');
      expect(await runs(stack.name)).toBe(before);
      expect(stack.stacks.files(stack.name)?.compose).toBe(running(testImages.busybox));
    }, 180_000);
  });

  test('tell what was said by the one that Compose waits for in vain', async () => {
    await using stack = await testStacks(eachCompose()[0]?.command);
    const { job, lines } = await deployment(
      stack,
      `${running(testImages.busybox)}    depends_on: { db: { condition: service_healthy } }
  db:
    image: ${testImages.busybox}
    command: ["sh", "-c", "echo the disk is read only; sleep 1000"]
    stop_signal: SIGKILL
    healthcheck: { test: "echo nobody listens; false", interval: 1s, retries: 1 }
`,
    );
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR' });
    const said = lines.map(({ text }) => text);
    expect(said).toEqual(expect.arrayContaining(['the disk is read only', 'nobody listens']));
  });

  test('of two who deploy one stack one wins, and the other is told', async () => {
    await using stack = await testStacks(eachCompose()[0]?.command);
    const compose = running(testImages.busybox);
    const both = await Promise.all([deployment(stack, compose), deployment(stack, compose)]);
    expect(both.map(({ job }) => job.errorCode ?? job.state).toSorted()).toEqual(['CONFLICT', 'SUCCEEDED']);
    const late = await deployment(stack, running(testImages.busybox, 'late'));
    expect(late.job).toMatchObject({
      errorCode: 'CONFLICT',
      errorMessage: expect.stringContaining('version 1') as unknown,
    });
  });

  test('that go beyond their containers take the scope, and touch nothing without it', async () => {
    await using stack = await testStacks(eachCompose()[0]?.command);
    const compose = `${running(testImages.busybox)}    pid: host\n`;
    const { job } = await deployment(stack, compose);
    expect(job).toMatchObject({ errorCode: 'PRIVILEGE_NEEDED' });
    expect(await runs(stack.name)).toBe('');
    expect(await readdir(stack.folder)).toEqual([]);
    const { job: allowed } = await deployment(stack, compose, { scopes: ['docker:containers:privileged'] });
    expect(allowed.state).toBe('SUCCEEDED');
  });

  test('that fail do not bring back what this host has come to deny, and pull nothing that may not be pulled', async () => {
    await using stack = await testStacks(eachCompose()[0]?.command);
    await using folder = await tempDir('sk-denied-');
    const opening = `${running(testImages.busybox)}    volumes: ["${folder.path}:/opened:ro"]\n`;
    const scopes = ['docker:containers:privileged'];
    expect((await deployment(stack, opening, { scopes })).job.state).toBe('SUCCEEDED');
    const failed = await deployment(stack, failing(testImages.busybox), {
      baseVersion: 1,
      deniesPath: (path) => path === folder.path,
    });
    expect(failed.job.state).toBe('FAILED');
    expect(failed.lines.map(({ text }) => text).join('\n')).toContain(`would open ${folder.path}`);
    const pulled = await deployment(stack, running('registry.invalid/none:1'), { baseVersion: 1 });
    expect(pulled.job.errorCode).toBe('SCOPE_DENIED');
  });

  test('of what somebody made elsewhere are refused', async () => {
    await using stack = await testStacks(eachCompose()[0]?.command);
    const label = [
      '--label',
      `com.docker.compose.project=${stack.name}`,
      '--label',
      'com.docker.compose.service=web',
    ];
    await cli('create', ...label, testImages.busybox);
    const { job } = await deployment(stack, running(testImages.busybox));
    expect(job).toMatchObject({ errorCode: 'CONFLICT' });
  });

  describe('that were interrupted', () => {
    const noted = (folder: string, hashes: Record<string, string>): string =>
      JSON.stringify({
        job: 'job_1',
        folder,
        json: JSON.stringify({ services: { web: { image: testImages.busybox } } }),
        previous: null,
        ran: false,
        privileged: false,
        laid: false,
        hashes,
        files: null,
      });
    /** What the next agent logs of it, and what it tells of its job. */
    const told = (stack: TestStacks): Promise<{ readonly log: string; readonly job: string }> =>
      new Promise((resolve, reject) => {
        let log = '';
        const hear = (words: string): void => void (log = words);
        stack.again(
          { ...silentLog, warn: hear, error: hear },
          {
            settle(id, aftermath) {
              aftermath.then(({ now }) => resolve({ log, job: `${id}: ${now}` }), reject);
            },
          },
        );
      });
    /** @returns what is left of it, once the next agent has told what it did */
    async function left(
      hash: string,
      meanwhile: (id: string) => Promise<unknown> = () => Promise.resolve(),
    ): Promise<{
      readonly log: string;
      readonly job: string;
      readonly there: string;
      readonly folders: readonly string[];
    }> {
      await using stack = await testStacks(eachCompose()[0]?.command);
      const labels = [
        `project=${stack.name}`,
        'service=web',
        'config-hash=theirs',
        'oneoff=False',
        'container-number=1',
      ];
      const options = labels.flatMap((label) => ['--label', `com.docker.compose.${label}`]);
      const id = (await cli('create', ...options, testImages.busybox, 'sleep', '1000')).trim();
      await mkdir(stack.notes, { recursive: true });
      await mkdir(`${stack.folder}/${stack.name}`);
      const note = `${stack.notes}/${stack.name}.json`;
      await writeFile(note, noted(`${stack.folder}/${stack.name}`, { web: hash }));
      // As of an agent that was killed a minute ago.
      await utimes(note, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
      await meanwhile(id);
      const words = await told(stack);
      const there = await cli('ps', '--all', '--quiet', '--no-trunc', '--filter', `id=${id}`);
      const folders = (await readdir(stack.folder)).map((name) => (name === stack.name ? 'its own' : name));
      return { ...words, there: there.trim() === id ? 'there' : 'gone', folders };
    }

    test('are undone, unless somebody has made or stopped a container since', async () => {
      expect(await left('theirs')).toEqual({
        log: 'a deployment was undone that the end of the agent had interrupted',
        job: 'job_1: Nothing of it runs, as before.',
        there: 'gone',
        folders: [],
      });
      expect(await left('ours')).toEqual({
        log: 'a deployment that the end of the agent had interrupted is left as it is',
        job: 'job_1: All is left as it is. A container of web is neither of it nor of the version before it.',
        there: 'there',
        folders: ['its own'],
      });
      const stopped = await left('theirs', async (id) => {
        await cli('start', id);
        await cli('stop', '--time', '0', id);
      });
      expect(stopped).toEqual({
        log: 'a deployment that the end of the agent had interrupted is left as it is',
        job: expect.stringMatching(
          /^job_1: All is left as it is\. Somebody has stopped .+ since\.$/,
        ) as unknown,
        there: 'there',
        folders: ['its own'],
      });
    }, 120_000);

    test('are not undone any more once something else was begun', async () => {
      await using stack = await testStacks(eachCompose()[0]?.command);
      await mkdir(stack.notes, { recursive: true });
      await writeFile(`${stack.notes}/${stack.name}.json`, noted(stack.folder, {}));
      const wanted = { name: stack.name, operation: 'STOP', services: [], timeoutMs: 1_000 } as const;
      const { job } = await asJob((handle) => stack.stacks.operate(wanted, handle));
      expect(job.errorCode).toBe('NOT_FOUND');
      expect(await readdir(stack.notes)).toEqual([]);
    });
  });
});
