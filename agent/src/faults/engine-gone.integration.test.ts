import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, nextItem } from '../../../testing/events.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../../testing/private-engine.ts';
import { exec } from '../containers/exec.ts';
import { recreate } from '../containers/recreate.ts';
import { unnoted, workWith } from '../containers/testing.ts';
import { asking, containerPlace } from '../docker-files/testing.ts';
import { forever, unlimited } from '../docker/testing.ts';
import { buildImage } from '../images/build.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import type { Told } from '../jobs/testing.ts';
import { anybody, watch } from '../terminals/testing.ts';
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

/** Never healthy, and never said to be ill. */
const unsure = ['--health-cmd', 'true', '--health-interval', '600s'];

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

// Beside each other: each waits for an engine of its own most of the time.
describe.each(ways)('an engine that is $how', { concurrent: true }, ({ go, ends }) => {
  describeWith(
    ['docker', 'root', 'compose'],
    'in the middle',
    () => {
      let engine: PrivateEngine;
      let all: World;
      let [id, old] = ['', ''];
      let [size, downloaded] = [0, 0];
      let outcomes: Record<string, Outcome>;
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
        const begun = {
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
              for await (const piece of download)
                downloaded += Buffer.from(piece.data ?? '', 'base64').length;
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
        outcomes = await endsOf(begun);
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
    },
    { concurrent: false },
  );
});
