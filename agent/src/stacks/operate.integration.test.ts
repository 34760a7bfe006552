import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { docker as cli, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { freshImage, registry, removeFetched } from '../../../testing/registry.ts';
import type { JobHandle } from '../jobs/job.ts';
import { testJobs, type Told } from '../jobs/testing.ts';
import { asJob, deployment, eachCompose, running, runs, testStacks, type TestStacks } from './testing.ts';

const newest = eachCompose()[0]?.command;

const two = (image: string) => `${running(image)}    depends_on: [db]
  db:
    image: ${image}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    volumes: ["files:/data"]
volumes:
  files: {}
`;

const authority = (...scopes: string[]) => ({ scopes: new Set(scopes), deniesPath: () => false });

const operate = (
  { stacks, name }: TestStacks,
  operation: 'START' | 'STOP' | 'RESTART',
  services: string[] = [],
): Promise<Told> => asJob((job) => stacks.operate({ name, operation, services, timeoutMs: 60_000 }, job));

const scale = (
  { stacks, name }: TestStacks,
  replicas: number,
  {
    service = 'web',
    baseVersion = 1,
    scopes = [],
    cancel,
  }: { service?: string; baseVersion?: number | null; scopes?: string[]; cancel?: string } = {},
): Promise<Told> =>
  asJob(
    (job) =>
      stacks.scale(
        { name, service, replicas, baseVersion, timeoutMs: 60_000, authority: authority(...scopes) },
        job,
      ),
    cancel,
  );

const takeDown = (
  { stacks, name }: TestStacks,
  {
    volumes = false,
    forget = false,
    baseVersion = 1,
    scopes = [],
  }: { volumes?: boolean; forget?: boolean; baseVersion?: number | null; scopes?: string[] } = {},
): Promise<Told> =>
  asJob((job) =>
    stacks.takeDown({ name, volumes, forget, baseVersion, authority: authority(...scopes) }, job),
  );

/** As `docker ps` tells: service and what it does. */
async function states({ name }: TestStacks): Promise<string[]> {
  const label = '{{.Label "com.docker.compose.service"}} {{.State}}';
  const filter = `label=com.docker.compose.project=${name}`;
  const listed = await cli('ps', '--all', '--filter', filter, '--format', label);
  return listed.split('\n').filter(Boolean).toSorted();
}

async function left(kind: 'network' | 'volume', { name }: TestStacks): Promise<number> {
  const filter = `label=com.docker.compose.project=${name}`;
  return (await cli(kind, 'ls', '--quiet', '--filter', filter)).split('\n').filter(Boolean).length;
}

describeWith(['docker', 'compose'], 'what is done to a stack of the real engine', () => {
  describe.each(eachCompose())('with $title', ({ command }) => {
    test('stops, starts and scales services, and takes it down with its volumes kept', async () => {
      await using stack = await testStacks(command);
      await deployment(stack, two(testImages.busybox));
      const stopped = await operate(stack, 'STOP');
      expect(stopped.job).toMatchObject({ state: 'SUCCEEDED' });
      const ends = '{{.State.FinishedAt}} {{index .Config.Labels "com.docker.compose.service"}}';
      const told = await cli('inspect', '--format', ends, ...(await idsOf(stack)));
      const order = told.split('\n').filter(Boolean).toSorted();
      expect(order.map((line) => line.split(' ')[1])).toEqual(['web', 'db']);
      expect(await states(stack)).toEqual(['db exited', 'web exited']);
      await operate(stack, 'START', ['db']);
      expect(await states(stack)).toEqual(['db running', 'web exited']);

      const scaled = await scale(stack, 2);
      expect(scaled.job).toMatchObject({ state: 'SUCCEEDED', result: { replicas: 2 } });
      expect(await states(stack)).toEqual(['db running', 'web running', 'web running']);

      const down = await takeDown(stack);
      expect(down.job.result).toEqual({ containers: 3, networks: 1, volumes: 0 });
      expect([await states(stack), await left('network', stack), await left('volume', stack)]).toEqual([
        [],
        0,
        1,
      ]);
      expect(stack.stacks.files(stack.name)?.compose).toBe(two(testImages.busybox));
    }, 180_000);
  });

  test('restarts, and removes with files, versions and volumes what was its own', async () => {
    await using stack = await testStacks(newest);
    await deployment(stack, two(testImages.busybox));
    const begun = async () =>
      (await cli('inspect', '--format', '{{.State.StartedAt}}', ...(await idsOf(stack)))).split('\n');
    const before = await begun();
    expect((await operate(stack, 'RESTART', ['web'])).job.state).toBe('SUCCEEDED');
    const after = await begun();
    expect(after.filter((at) => before.includes(at) && at !== '')).toHaveLength(1);

    await writeFile(`${stack.folder}/${stack.name}/notes.txt`, 'mine');
    const refused = await takeDown(stack, { volumes: true, forget: true });
    expect(refused.job).toMatchObject({ errorCode: 'SCOPE_DENIED' });
    const removed = await takeDown(stack, { volumes: true, forget: true, scopes: ['docker:volumes:write'] });
    expect(removed.job.result).toEqual({ containers: 2, networks: 1, volumes: 1 });
    expect(await stack.stacks.get(stack.name)).toBeNull();
    expect(stack.stacks.versions(stack.name)).toEqual([]);
    // It may be a container's data.
    expect(await readdir(`${stack.folder}/${stack.name}`)).toEqual(['notes.txt']);
    expect((await takeDown(stack, { baseVersion: null })).job.errorCode).toBe('NOT_FOUND');
  }, 120_000);

  test('works without the file where it was made elsewhere, or says what to do first', async () => {
    await using stack = await testStacks(newest);
    const { name, folder } = stack;
    await mkdir(`${folder}/${name}`);
    await writeFile(`${folder}/${name}/compose.yaml`, two(testImages.busybox));
    await stack.cli('--file', `${folder}/${name}/compose.yaml`, 'up', '--detach');
    await stack.cli('--file', `${folder}/${name}/compose.yaml`, 'run', '--detach', 'web');
    expect((await operate(stack, 'STOP')).job.state).toBe('SUCCEEDED');
    expect((await operate(stack, 'START', ['nobody'])).job).toMatchObject({
      errorCode: 'NOT_FOUND',
      errorMessage: expect.stringContaining('nobody') as unknown,
    });
    expect((await scale(stack, 2, { baseVersion: null })).job).toMatchObject({
      errorCode: 'CONFLICT',
      errorMessage: expect.stringContaining('Take it over') as unknown,
    });
    const other = uniqueName('user');
    await cli(
      'run',
      '--detach',
      '--rm',
      '--name',
      other,
      '--network',
      `${name}_default`,
      testImages.busybox,
      'sleep',
      '1000',
    );
    try {
      const { job, lines } = await takeDown(stack, { baseVersion: null });
      // With what was run once beside its services; the network that another uses stays, and is said to.
      expect(job.result).toEqual({ containers: 3, networks: 0, volumes: 0 });
      expect(lines.map(({ text }) => text).join()).toContain(`${name}_default stays`);
    } finally {
      await cli('rm', '--force', other);
    }
  }, 120_000);

  test('is judged as a deployment is, and goes back where the new ones do not come up or it is cancelled', async () => {
    await using stack = await testStacks(newest);
    const compose = `${running(testImages.busybox)}    pid: host\n`;
    await deployment(stack, compose, { scopes: ['docker:containers:privileged'] });
    expect((await scale(stack, 2)).job).toMatchObject({ errorCode: 'PRIVILEGE_NEEDED' });
    expect((await scale(stack, 2, { service: 'nobody' })).job.errorCode).toBe('NOT_FOUND');
    expect((await scale(stack, 2, { baseVersion: 7 })).job.errorCode).toBe('CONFLICT');
    expect(await states(stack)).toEqual(['web running']);

    const privileged = ['docker:containers:privileged'];
    const cancelled = await scale(stack, 2, { scopes: privileged, cancel: 'Health' });
    expect(cancelled.job.state).toBe('CANCELLED');
    expect(await states(stack)).toEqual(['web running']);

    // The second container wants the name that the first one has.
    const fixed = `${running(testImages.busybox)}    container_name: ${stack.name}-only\n`;
    await deployment(stack, fixed, { baseVersion: 1 });
    const { job } = await scale(stack, 2, { baseVersion: 2 });
    expect(job.state).toBe('FAILED');
    expect(await states(stack)).toEqual(['web running']);
  }, 120_000);

  test('happens once at a time: of two, one wins and the other is told what the first does', async () => {
    await using stack = await testStacks(newest);
    await deployment(stack, running(testImages.busybox));
    const { stacks, name } = stack;
    const wanted = { name, baseVersion: 1, timeoutMs: 60_000, authority: authority(), actor: 'usr_1' };
    const files = { compose: running(testImages.busybox, 'bye'), env: '' };
    const containers = { name, services: [], timeoutMs: 60_000 };
    // Of one agent, begun in this order before any of them has done anything.
    await using jobs = await testJobs();
    const all = await Promise.all(
      [
        (job: JobHandle) => stacks.operate({ ...containers, operation: 'RESTART' }, job),
        (job: JobHandle) => stacks.operate({ ...containers, operation: 'STOP' }, job),
        (job: JobHandle) => stacks.scale({ ...wanted, service: 'web', replicas: 2 }, job),
        (job: JobHandle) => stacks.takeDown({ ...wanted, volumes: false, forget: true }, job),
        (job: JobHandle) => stacks.refresh({ ...wanted, services: [], up: true }, job),
        (job: JobHandle) => stacks.deploy({ ...wanted, files, pull: false }, job),
      ].map((run) => jobs.begin({ run }).ended),
    );
    const ends = all.map(({ job }) => job.errorCode ?? job.state);
    expect(ends).toEqual(['SUCCEEDED', ...Array.from({ length: 5 }, () => 'CONFLICT')]);
    expect(all[1]?.job.errorMessage).toContain('being restarted right now');
    expect(await states(stack)).toEqual(['web running']);
  });
});

describeWith(['docker', 'compose', 'registry'], 'newer images of a stack', () => {
  test('are told when pulled, and run by the next version when asked for', async () => {
    await using hub = await registry();
    await using stack = await testStacks(newest);
    const images = [await freshImage(), await freshImage()];
    const [first = '', second = ''] = images;
    const pull = (up: boolean, rights = authority('docker:images:write')): Promise<Told> =>
      asJob((job) =>
        stack.stacks.refresh(
          {
            name: stack.name,
            services: [],
            up,
            baseVersion: 1,
            timeoutMs: 60_000,
            actor: 'usr_1',
            authority: rights,
          },
          job,
        ),
      );
    const reference = await hub.push(first, 'team/web:1');
    try {
      await deployment(stack, running(reference), { scopes: ['docker:images:write'] });
      const before = await runs(stack.name);
      expect((await pull(false, authority())).job.errorCode).toBe('SCOPE_DENIED');
      expect((await pull(false)).job.result).toEqual({ newer: [], version: null });
      await hub.push(second, 'team/web:1');
      expect((await pull(false)).job.result).toEqual({ newer: ['web'], version: null });
      expect(await runs(stack.name)).toBe(before);

      await writeFile(`${stack.folder}/${stack.name}/compose.yaml`, 'edited at the host');
      expect((await pull(true)).job.result).toEqual({ newer: [], version: 2 });
      const id = (await cli('inspect', '--format', '{{.Id}}', reference)).trim();
      expect(await runs(stack.name)).toContain(id);
      expect(stack.stacks.files(stack.name)?.compose).toBe('edited at the host');
    } finally {
      await takeDown(stack, { baseVersion: 2 });
      await cli('rmi', '--force', ...images);
      await removeFetched(hub, 'team/web');
    }
  }, 120_000);
});

async function idsOf({ name }: TestStacks): Promise<string[]> {
  const filter = `label=com.docker.compose.project=${name}`;
  return (await cli('ps', '--all', '--quiet', '--filter', filter)).split('\n').filter(Boolean);
}
