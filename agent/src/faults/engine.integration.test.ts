import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, nextItem } from '../../../testing/events.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../../testing/private-engine.ts';
import { run } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { exec } from '../containers/exec.ts';
import { commit } from '../containers/change.ts';
import { prune } from '../containers/prune.ts';
import { recreate } from '../containers/recreate.ts';
import { admit, create } from '../containers/create.ts';
import { noDelivery } from '../containers/secrets.ts';
import { unnoted, workWith } from '../containers/testing.ts';
import { asking, containerPlace, filesOf } from '../docker-files/testing.ts';
import type { ContainerStatsBatch } from '../docker/container.ts';
import { connected, forever, unlimited } from '../docker/testing.ts';
import { UsageMeter } from '../docker/usage.ts';
import { buildImage } from '../images/build.ts';
import { prune as pruneImages } from '../images/prune.ts';
import { pullImage } from '../images/pull.ts';
import { pushImage } from '../images/push.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { testJobs, type Told } from '../jobs/testing.ts';
import { silentLog } from '../log.ts';
import { createPolicy } from '../policy.ts';
import { createStacks } from '../stacks/stacks.ts';
import { eachCompose } from '../stacks/testing.ts';
import { openLeftovers } from '../terminals/leftovers.ts';
import { createTerminals } from '../terminals/terminals.ts';
import { anybody, watch } from '../terminals/testing.ts';

/** What an engine that hangs is given. Ms. */
const patience = 3_000;
const authority = { scopes: new Set(['docker:images:write']), deniesPath: () => false };
const counting = 'i=0; trap "exit 0" TERM; while true; do echo $i; i=$((i+1)); sleep 0.1; done';
/** Never healthy, and never said to be ill. */
const unsure = ['--health-cmd', 'true', '--health-interval', '600s'];

/** All that the agent does with an engine of the test's own. */
async function world(engine: PrivateEngine, timeoutMs = 60_000) {
  await using undo = new AsyncDisposableStack();
  const docker = undo.use(await connected({ socket: engine.socket, timeoutMs }));
  const dir = undo.use(await tempDir('sk-faults-'));
  const jobs = undo.use(await testJobs());
  const files = undo.use(filesOf(docker));
  const leftovers = openLeftovers({
    file: dir.file('terminals.json'),
    engine: docker.engine,
    log: silentLog,
    againMs: 50,
  });
  undo.defer(() => leftovers.close());
  const times = { unseenMs: 60_000, idleMs: 60_000, warnMs: 1_000 };
  const host = { account: null, socket: null, program: '' };
  const terminals = createTerminals({ docker, leftovers, times, host });
  undo.defer(() => terminals.stop());
  const command = eachCompose()[0]?.command;
  const policy = createPolicy({ scopes: 'managed', deniedPaths: [], disabledFeatures: new Set() });
  const stacks = createStacks({
    docker,
    socket: engine.socket,
    stateDir: dir.file('state'),
    folder: dir.file('stacks'),
    policy: () => policy,
    log: silentLog,
    settledMs: 500,
    ...(command && { commands: [command] }),
  });
  const owned = undo.move();
  return { docker, files, jobs, terminals, stacks, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
type World = Awaited<ReturnType<typeof world>>;

const compose = `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    network_mode: none
    healthcheck: { test: ["CMD", "true"], interval: 600s }
`;

/** Up to the middle of it: what waits for one that is never healthy. */
const waiting = `services:
  never:
    image: ${testImages.busybox}
    command: ["sleep", "1000"]
    network_mode: none
    healthcheck: { test: ["CMD", "true"], interval: 600s }
  web:
    image: ${testImages.busybox}
    network_mode: none
    depends_on: { never: { condition: service_healthy } }
`;

const spec = { image: testImages.busybox, command: ['sleep', '1000'], networks: [{ name: 'none' }] };
const followed = (id: string) => ({
  id,
  tail: null,
  sinceMs: null,
  untilMs: null,
  follow: true,
  stdout: true,
  stderr: true,
  timestamps: false,
});

async function loaded(engine: PrivateEngine): Promise<void> {
  await engine.start();
  await run('sh', ['-c', `docker save ${testImages.busybox} | docker --host unix://${engine.socket} load`]);
}

async function box(engine: PrivateEngine, ...options: readonly string[]): Promise<string> {
  const script = ['sh', '-c', counting];
  const args = ['run', '--detach', '--network', 'none', ...options, testImages.busybox, ...script];
  return (await engine.cli(...args)).trim();
}

/** The work of a job, to its end. */
function job({ jobs }: World, work: (handle: JobHandle) => Promise<JobResult | undefined>): Promise<Told> {
  return jobs.begin({ run: work }).ended;
}

const deploying = (
  { stacks }: World,
  name: string,
  handle: JobHandle,
  text = compose,
): Promise<JobResult | undefined> =>
  stacks.deploy(
    {
      name,
      files: { compose: text, env: '' },
      baseVersion: null,
      pull: false,
      timeoutMs: 600_000,
      actor: 'usr_1',
      authority,
    },
    handle,
  );

/** How work that is no job ended, in the words of a job. */
async function outcome(work: Promise<unknown>): Promise<{ errorCode: unknown; errorMessage: string }> {
  try {
    await work;
    return { errorCode: null, errorMessage: '' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    return { errorCode: code, errorMessage: error instanceof Error ? error.message : '' };
  }
}
const ofJob = (told: Promise<Told>) => told.then(({ job: ended }) => ended);

async function lastOf(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) if (item === items) return;
}

type Outcomes = Readonly<Record<string, Promise<{ errorCode: unknown; errorMessage: string | null }>>>;

const quiet = { step: () => undefined, line: () => undefined };

describeWith(['docker', 'root', 'compose'], 'an engine that hangs', () => {
  let engine: PrivateEngine;
  let all: World;
  let patient: Awaited<ReturnType<typeof connected>>;
  /** Told the use of containers by the engine itself. */
  let told: Awaited<ReturnType<typeof connected>>;
  let id: string;
  let outcomes: Record<string, { errorCode: unknown; errorMessage: string | null }>;
  const numbers: number[] = [];
  beforeAll(async () => {
    engine = await privateEngine();
    await loaded(engine);
    all = await world(engine, patience);
    patient = await connected({ socket: engine.socket, timeoutMs: 60_000 });
    id = await box(engine);
    const { docker, files, terminals } = all;
    const work = workWith(docker);
    const leaving = new AbortController();
    const log = patient.logs(followed(id), unlimited, leaving.signal);
    told = await connected({ socket: engine.socket, timeoutMs: 60_000, usage: new UsageMeter(null) });
    const read = async (until: () => boolean): Promise<void> => {
      while (!until()) {
        const { segments } = await nextItem(log);
        const text = segments.map(({ text: said }) => said).join('');
        numbers.push(...text.split('\n').filter(Boolean).map(Number));
      }
    };
    await read(() => numbers.length > 3);
    const use = told.stats(1_000, leaving.signal);
    const tells = ({ items }: ContainerStatsBatch): boolean => items.some((item) => item.id === id);
    await nextItem(use, tells);
    const stands = (name: string): Promise<boolean> =>
      engine
        .cli('ps', '--quiet', '--filter', `label=com.docker.compose.project=${name}`)
        .then((ids) => ids !== '');
    const runs = Promise.withResolvers<void>();
    const middle: Outcomes = {
      'building an image, in the middle': ofJob(
        job(all, (handle) =>
          buildImage(
            docker.engine,
            {
              dockerfile: `FROM ${testImages.busybox}\nRUN echo begun; sleep 1000`,
              tag: 'y:1',
              arguments: [],
              pull: false,
              noCache: false,
            },
            {
              ...handle,
              line(line, stream) {
                handle.line(line, stream);
                if (line === 'begun') runs.resolve();
              },
            },
          ),
        ),
      ),
      'deploying a stack, in the middle': ofJob(
        job(all, (handle) => deploying(all, 'halfway', handle, waiting)),
      ),
    };
    await runs.promise;
    await eventually(() => stands('halfway'), 'what the stack waits for');
    engine.hang();
    const begun: Outcomes = {
      ...middle,
      'pulling an image': ofJob(
        job(all, (handle) =>
          pullImage(docker.engine, { reference: 'web:1', platform: null, auths: [] }, handle),
        ),
      ),
      'building an image': ofJob(
        job(all, (handle) =>
          buildImage(
            docker.engine,
            { dockerfile: 'FROM x', tag: 'x:1', arguments: [], pull: false, noCache: false },
            handle,
          ),
        ),
      ),
      'pushing an image': ofJob(
        job(all, (handle) => pushImage(docker.engine, { reference: 'example.com/web:1', auths: [] }, handle)),
      ),
      'stopping a stack': ofJob(
        job(all, (handle) =>
          all.stacks.operate({ name: 'other', operation: 'STOP', services: [], timeoutMs: 60_000 }, handle),
        ),
      ),
      'making an image of a container': outcome(
        commit(
          id,
          { reference: 'made:1', comment: null, author: null, pause: true },
          workWith(docker, { scopes: ['docker:images:write'] }),
        ),
      ),
      'removing stopped containers': outcome(prune([id], false, work)),
      'removing unused images': outcome(pruneImages(docker.engine, [], 'UNUSED', forever)),
      'making a container': outcome(
        admit(spec, work).then((request) =>
          create(request, { name: 'made', start: true, delivery: noDelivery }, work),
        ),
      ),
      'recreating a container': outcome(
        recreate(id, { image: null, healthTimeoutMs: 1_000, secrets: [], notes: unnoted }, work, quiet),
      ),
      'stopping a container': outcome(docker.act(id, { kind: 'stop', timeoutSeconds: 0 }, forever)),
      'deploying a stack': ofJob(job(all, (handle) => deploying(all, 'hung', handle))),
      'reading a log': outcome(lastOf(docker.logs(followed(id), unlimited, forever))),
      'running a command': outcome(
        exec(
          id,
          { command: ['true'], user: null, workingDir: null, environment: [], timeoutMs: 60_000 },
          work,
        ),
      ),
      'opening a terminal': outcome(
        terminals.openInContainer(
          { id: randomUUID(), container: id, user: null, columns: 80, rows: 24 },
          anybody,
          forever,
        ),
      ),
      'listing files': outcome(files.list(asking(containerPlace(id), '/'), { first: 10, after: null })),
    };
    outcomes = Object.fromEntries(
      await Promise.all(Object.entries(begun).map(async ([name, end]) => [name, await end] as const)),
    );
    // Nobody who watches is held up by one that hangs; what is told of it is not asserted here.
    await nextItem(use);
    engine.goOn();
    await nextItem(use, tells);
    const before = numbers.length;
    await read(() => numbers.length > before + 3);
    leaving.abort();
  }, 240_000);
  afterAll(async () => {
    patient?.[Symbol.dispose]();
    told?.[Symbol.dispose]();
    await all?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  test.each([
    'building an image, in the middle',
    'deploying a stack, in the middle',
    'pulling an image',
    'building an image',
    'pushing an image',
    'stopping a stack',
    'making an image of a container',
    'removing stopped containers',
    'removing unused images',
    'making a container',
    'recreating a container',
    'stopping a container',
    'deploying a stack',
    'reading a log',
    'running a command',
    'opening a terminal',
    'listing files',
  ])('ends %s in words', (name) => {
    expect(outcomes[name]).toMatchObject({
      errorCode: 'DOCKER_UNAVAILABLE',
      errorMessage: expect.stringContaining('did not answer within 3 s') as unknown,
    });
  });

  test('loses no line of a log that is followed, and leaves nothing of what was begun', async () => {
    expect(numbers).toEqual(numbers.map((_number, index) => index));
    // What was halfway up could not be taken down by an engine that did not answer, which is said.
    expect(outcomes['deploying a stack, in the middle']?.errorMessage).toMatch(
      /What there is of it could not be taken down|What ran before could not be started again/,
    );
    const listed = async (...filter: readonly string[]): Promise<string[]> =>
      (await engine.cli('ps', '--all', '--quiet', '--no-trunc', ...filter)).split('\n').filter(Boolean);
    const halfway = await listed('--filter', 'label=com.docker.compose.project=halfway');
    await eventually(
      async () => (await listed()).length <= halfway.length + 1,
      'the engine to have given the build up',
    );
    expect((await listed()).filter((one) => !halfway.includes(one))).toEqual([id]);
    expect((await patient.find(id)).state).toBe('RUNNING');
  });
});

/** How an engine may go, and what may come of what was under way then: one that is stopped has time for some of it. */
const ways = [
  {
    how: 'killed',
    go: (engine: PrivateEngine) => engine.kill(),
    ends: {
      'following a log': ['DOCKER_UNAVAILABLE'],
      'running a command': ['DOCKER_UNAVAILABLE'],
      'building an image': ['DOCKER_UNAVAILABLE'],
      'downloading a file': ['DOCKER_ERROR'],
      'a terminal': ['LOST'],
    },
  },
  {
    how: 'stopped',
    go: (engine: PrivateEngine) => engine.stop(),
    ends: {
      'following a log': [null, 'DOCKER_UNAVAILABLE'],
      'running a command': [null, 'DOCKER_UNAVAILABLE'],
      'building an image': ['DOCKER_ERROR', 'DOCKER_UNAVAILABLE'],
      'downloading a file': [null, 'DOCKER_ERROR'],
      'a terminal': ['LOST', 'EXITED'],
    },
  },
] as const;

for (const { how, go, ends } of ways)
  describeWith(['docker', 'root', 'compose'], `an engine that is ${how} in the middle`, () => {
    let engine: PrivateEngine;
    let all: World;
    let [id, old] = ['', ''];
    let [size, downloaded] = [0, 0];
    let outcomes: Record<string, { errorCode: unknown; errorMessage: string | null }>;
    beforeAll(async () => {
      engine = await privateEngine();
      await loaded(engine);
      all = await world(engine);
      [id, old] = [await box(engine), await box(engine, '--name', 'old', ...unsure)];
      // The engine locks a container while one of its files is read.
      const read = await box(engine);
      size = Number(await engine.cli('exec', read, 'stat', '-c', '%s', '/bin/busybox'));
      const { docker, files, terminals } = all;
      const work = workWith(docker);
      const at: Record<string, PromiseWithResolvers<void>> = {};
      const reached = (name: string): (() => void) => (at[name] = Promise.withResolvers()).resolve;
      const heard = (name: string, items: AsyncIterable<unknown>): Promise<void> => {
        const there = reached(name);
        return (async () => {
          for await (const item of items) if (item !== items) there();
        })();
      };
      const stepped =
        (name: string, wanted: string) =>
        (work_: (handle: JobHandle) => Promise<JobResult | undefined>): Promise<Told> => {
          const there = reached(name);
          return job(all, (handle) =>
            work_({
              ...handle,
              step(step) {
                handle.step(step);
                if (step.startsWith(wanted)) there();
              },
              line(text, stream) {
                handle.line(text, stream);
                if (text.startsWith(wanted)) there();
              },
            }),
          );
        };
      const terminal = randomUUID();
      await terminals.openInContainer(
        { id: terminal, container: id, user: null, columns: 80, rows: 24 },
        anybody,
        forever,
      );
      const watcher = watch(terminals, terminal);
      await watcher.see(/[#$]/);
      const began = reached('running a command');
      const download = files.download(asking(containerPlace(read), '/bin/busybox'), false, {
        take: () => heldBack,
        available: () => 0,
      });
      const { promise: heldBack, resolve: letGo } = Promise.withResolvers<void>();
      const begun: Outcomes = {
        'building an image': ofJob(
          stepped(
            'building an image',
            'at work',
          )((handle) =>
            buildImage(
              docker.engine,
              {
                dockerfile: `FROM ${testImages.busybox}\nRUN trap 'exit 7' TERM; echo at work; sleep 1000 & wait`,
                tag: 'x:1',
                arguments: [],
                pull: false,
                noCache: true,
              },
              handle,
            ),
          ),
        ),
        'recreating a container': ofJob(
          stepped(
            'recreating a container',
            'waiting',
          )(async (handle) => {
            await recreate(
              old,
              { image: null, healthTimeoutMs: 600_000, secrets: [], notes: unnoted },
              { ...work, signal: handle.signal },
              handle,
            );
            return undefined;
          }),
        ),
        'deploying a stack': ofJob(
          stepped('deploying a stack', 'Health')((handle) => deploying(all, 'killed', handle)),
        ),
        'following a log': outcome(heard('following a log', docker.logs(followed(id), unlimited, forever))),
        'running a command': outcome(
          exec(
            id,
            {
              command: ['sh', '-c', 'touch /begun; sleep 1000'],
              user: null,
              workingDir: null,
              environment: [],
              timeoutMs: 60_000,
            },
            work,
          ),
        ),
        'downloading a file': outcome(
          (async () => {
            for await (const piece of download) downloaded += Buffer.from(piece.data ?? '', 'base64').length;
          })(),
        ),
      };
      await eventually(
        () =>
          engine.cli('exec', id, 'test', '-e', '/begun').then(
            () => true,
            () => false,
          ),
        'the command to run',
      );
      began();
      await Promise.all(Object.values(at).map(({ promise }) => promise));
      const gone = go(engine);
      letGo();
      await gone;
      outcomes = Object.fromEntries(
        await Promise.all(Object.entries(begun).map(async ([name, end]) => [name, await end] as const)),
      );
      const { reason } = await watcher.ended;
      outcomes['a terminal'] = { errorCode: reason, errorMessage: null };
      await watcher.leave();
      await engine.start();
      await eventually(() => docker.facts().available, 'the engine to be found again');
    }, 240_000);
    afterAll(async () => {
      await all?.[Symbol.asyncDispose]();
      await engine?.[Symbol.asyncDispose]();
    });

    test.each(Object.entries(ends))('ends %s as what it is', (name, codes) => {
      expect(codes).toContain(outcomes[name]?.errorCode);
    });

    test('takes no part of a file for the whole', () => {
      const { errorCode, errorMessage } = outcomes['downloading a file'] ?? {};
      if (errorCode === null) expect(downloaded).toBe(size);
      else expect(errorMessage).toBe('Docker broke off while it read the files.');
    });

    test('ends a deployment in words that say what runs, and keeps no version of it', () => {
      const { errorCode, errorMessage } = outcomes['deploying a stack'] ?? {};
      expect(['DOCKER_UNAVAILABLE', 'DOCKER_ERROR']).toContain(errorCode);
      expect(errorMessage).toMatch(/could not be taken down|Nothing of it runs, as before/);
      expect(all.stacks.versions('killed')).toEqual([]);
    });

    test('leaves the container that was to be replaced, and says by which name', async () => {
      const { errorCode, errorMessage } = outcomes['recreating a container'] ?? {};
      expect(errorCode).not.toBeNull();
      const name = (await engine.cli('inspect', '--format', '{{.Name}}', old)).trim().slice(1);
      if (name !== 'old') expect(errorMessage).toMatch(/could not be put back.* It is there/);
      expect(errorMessage).toContain(name);
    });

    test('is used again once it is back', async () => {
      const { docker } = all;
      expect((await docker.act(id, { kind: 'start' }, forever)).state).toBe('RUNNING');
      const log = docker.logs(followed(id), unlimited, forever);
      expect(await nextItem(log)).toBeDefined();
      await log.return();
    });
  });
