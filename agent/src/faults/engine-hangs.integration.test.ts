import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, nextItem } from '../../../testing/events.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../../testing/private-engine.ts';
import { exec } from '../containers/exec.ts';
import { commit } from '../containers/change.ts';
import { prune } from '../containers/prune.ts';
import { recreate } from '../containers/recreate.ts';
import { admit, create } from '../containers/create.ts';
import { noDelivery } from '../containers/secrets.ts';
import { unnoted, workWith } from '../containers/testing.ts';
import { asking, containerPlace } from '../docker-files/testing.ts';
import type { ContainerStatsBatch } from '../docker/container.ts';
import { connected, forever, unlimited } from '../docker/testing.ts';
import { UsageMeter } from '../docker/usage.ts';
import { buildImage } from '../images/build.ts';
import { prune as pruneImages } from '../images/prune.ts';
import { pullImage } from '../images/pull.ts';
import { pushImage } from '../images/push.ts';
import { anybody } from '../terminals/testing.ts';
import {
  box,
  deploying,
  endsOf,
  followed,
  job,
  loaded,
  ofJob,
  outcome,
  world,
  type Outcome,
  type World,
} from './testing.ts';

/** What an engine that hangs is given. Ms. */
const patience = 3_000;

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
const quiet = { step: () => undefined, line: () => undefined };

async function lastOf(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) if (item === items) return;
}

describeWith(['docker', 'root', 'compose'], 'an engine that hangs', () => {
  let engine: PrivateEngine;
  let all: World;
  let patient: Awaited<ReturnType<typeof connected>>;
  /** Told the use of containers by the engine itself. */
  let told: Awaited<ReturnType<typeof connected>>;
  let id: string;
  let outcomes: Record<string, Outcome>;
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
    const middle = {
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
    const begun = {
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
    outcomes = await endsOf(begun);
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
