import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { run } from '../../testing/processes.ts';
import { freshImage, registry, type Registry } from '../../testing/registry.ts';
import {
  checked,
  heldBuild,
  heldCreation,
  gateAlone,
  heldDeployment,
  heldDown,
  heldPush,
  heldReplacement,
  heldRestart,
  heldScaling,
  heldStack,
  heldStackPull,
  heldStart,
  heldStop,
  type HeldStack,
} from './held-work.ts';
import { jobRig, type JobData, type JobRig } from './rig.ts';
import { slowViewer } from './slow-viewer.ts';
import { watch, type Watched } from './watched.ts';

/** Of 1,000 bytes each: more than what lies between a server and a browser holds. */
const manyLines = 40_000;

/** An engine of its own shares no network with a registry here, so what it pulls from is never reached. */
describeWith(['root', 'docker'], 'a pull whose engine', () => {
  let engine: PrivateEngine;
  let rig: JobRig;
  beforeAll(async () => {
    engine = await privateEngine();
    await engine.start();
    rig = await jobRig({ docker: engine.socket });
    await rig.startAgent();
  });
  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  const ended = (id: string) =>
    eventually(async () => {
      const job = await rig.job(id);
      return job.finishedAt !== null && job;
    }, 'the job to end');

  test('cannot reach the registry fails in words, not as a success', async () => {
    const id = await rig.pull('127.0.0.1:9/team/web:1');
    expect(await ended(id)).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR', result: null });
  });

  test('is gone fails with DOCKER_UNAVAILABLE', async () => {
    await engine.kill();
    const id = await rig.pull('127.0.0.1:9/team/web:1');
    expect(await ended(id)).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_UNAVAILABLE' });
  });
});

describeWith(['docker', 'registry', 'compose'], 'a server', () => {
  let rig: JobRig;
  let hub: Registry;
  beforeAll(async () => {
    [rig, hub] = await Promise.all([jobRig({ profile: 'FULL_ACCESS' }), registry()]);
    await rig.startAgent();
  });
  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
  });

  const ended = (id: string) =>
    eventually(
      async () => {
        const job = await rig.job(id);
        return job.finishedAt !== null && job;
      },
      'the job to end',
      { limit: 60_000 },
    );

  describe('whose link is cut during a pull', () => {
    let reference: string;
    beforeEach(async ({ task }) => {
      const image = await freshImage();
      reference = await hub.push(image, `team/cut:${task.id.replaceAll(/\W/g, '')}`);
      await run('docker', ['rmi', image]);
      return async () => {
        await run('docker', ['rmi', '--force', reference]).catch(() => undefined);
      };
    });

    const downloading = () => eventually(() => hub.downloads > 0, 'a download to be open');

    test('goes on, and is told to its end once there is a link again, every line once', async () => {
      const release = hub.hold();
      const id = await rig.pull(reference);
      await using events = rig.follow(id);
      await downloading();
      rig.network.cut();
      expect(hub.downloads).toBeGreaterThan(0);
      release();
      const seqs: number[] = [];
      const last = await events.next(({ jobEvents: { job, lines } }) => {
        seqs.push(...lines.map(({ seq }) => seq));
        return job.finishedAt !== null;
      }, 'its end');
      expect(last.jobEvents.job).toMatchObject({ state: 'SUCCEEDED' });
      expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
      const stored = await rig.rows<{ seq: number }>(
        'SELECT seq FROM "JobLine" WHERE "jobId" = $1 ORDER BY seq',
        [id],
      );
      expect(stored.map(({ seq }) => seq)).toEqual(seqs);
    });

    test('is cancelled as soon as the agent is back, if that was asked for meanwhile', async () => {
      const release = hub.hold();
      const id = await rig.pull(reference);
      await downloading();
      rig.network.drop();
      rig.network.cut();
      await eventually(async () => {
        const { server } = await rig.admin.query<{ server: { status: string } }>(
          'query ($id: ID!) { server(id: $id) { status } }',
          { id: rig.serverId },
        );
        return server.status !== 'ONLINE';
      }, 'the link to be gone');
      await rig.admin.query('mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }', {
        id,
      });
      expect(await rig.job(id)).toMatchObject({ state: 'RUNNING' });
      rig.network.restore();
      const job = await eventually(
        async () => {
          const now = await rig.job(id);
          return now.finishedAt !== null && now;
        },
        'the job to end',
        { limit: 40_000 },
      );
      expect(job).toMatchObject({ state: 'CANCELLED' });
      await eventually(() => hub.downloads === 0, 'the download to end');
      release();
    });
  });

  describe('that is cut off, and stopped, in the middle of everything', () => {
    const kinds = {
      'an image is built': () => heldBuild(rig),
      'a container is made': () => heldCreation(rig, hub),
      'a container is replaced': () => heldReplacement(rig, old),
      'an image is pushed': () => heldPush(rig, hub),
      'a stack is deployed': () => heldDeployment(stack),
      'a stack is scaled': () => heldScaling(scaled),
      'a stack is pulled': () => heldStackPull(rig, hub),
      'a stack is started': () => heldStart(rig),
      'a stack is restarted': () => heldRestart(rig),
      'a stack is stopped': () => heldStop(rig),
      'a stack is taken down': () => heldDown(rig),
    } as const;
    const undo = new AsyncDisposableStack();
    const outcomes = new Map<string, { readonly state: string; readonly seqs: readonly number[] }>();
    let old: TestContainer;
    let box: TestContainer;
    let stack: HeldStack;
    let scaled: HeldStack;
    let watched: Watched;
    let second: JobData;
    let found: Watched['terminal'];
    let before = 0;
    const numbers: number[] = [];
    const lateName = uniqueName('sk-late');

    /** Reads the merged log until it has come as far. */
    async function readTo(count: number): Promise<void> {
      await watched.merged.next(({ mergedLogs: { segments } }) => {
        for (const { text } of segments)
          for (const line of text.split('\n')) if (line !== '') numbers.push(Number(line.split(' ')[1]));
        return numbers.length > count;
      }, 'the log to go on');
    }

    /** As somebody else, who goes by a token. @returns the id of the job */
    async function deployAs(name: string, input: object): Promise<string> {
      const scopes = ['servers:read', 'docker:compose:read', 'docker:compose:write'];
      const { createApiToken } = await rig.admin.query<{ createApiToken: { secret: string } }>(
        'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }',
        { input: { name, scopes } },
      );
      const program = rig.plane.anonymous().with({ token: createApiToken.secret, origin: null });
      const { deployStack } = await program.query<{ deployStack: { job: { id: string } } }>(
        'mutation ($input: DeployStackInput!) { deployStack(input: $input) { job { id } } }',
        { input: { serverId: rig.serverId, ...input } },
      );
      return deployStack.job.id;
    }

    beforeAll(async () => {
      const counting = 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.1; done';
      const none = ['--network', 'none'];
      old = undo.use(await container({ options: checked }));
      box = undo.use(await container({ command: ['sh', '-c', counting], options: none }));
      stack = undo.use(heldStack(rig));
      scaled = undo.use(heldStack(rig, gateAlone));
      const there = scaled.deploy('hello', null).then(async (id) => {
        await scaled.letGo();
        return ended(id);
      });
      watched = undo.use(await watch(rig, box));
      await Promise.all([
        readTo(3),
        watched.log.next(),
        watched.use.next(({ serverContainerStats: { items } }) =>
          items.some(({ containerId }) => containerId === box.id),
        ),
        watched.containers.next(),
      ]);
      await watched.type('echo one-$((1+1))\r');
      await watched.terminal.next(({ containerTerminal: { text } }) => text?.includes('one-2') === true);
      await there;
      const begun = await Promise.all(
        Object.entries(kinds).map(async ([name, begin]) => {
          const work = undo.use(await begin());
          return { name, work, events: undo.use(rig.follow(work.id)) };
        }),
      );
      second = await ended(await deployAs('other', stack.input('second', null)));
      rig.network.cut();
      for (const { work } of begun) await work.letGo();
      // Within a minute, or it ends as one that nobody looks at.
      found = await eventually(async () => {
        const one = undo.use(watched.again());
        await one.next(({ containerTerminal: { text } }) => text?.includes('one-2') === true);
        return one;
      }, 'the terminal to be found again');
      for (const { name, events } of begun) {
        const seqs: number[] = [];
        const { jobEvents } = await events.next(
          ({ jobEvents: { job, lines } }) => {
            seqs.push(...lines.map(({ seq }) => seq));
            return job.finishedAt !== null;
          },
          `the end: ${name}`,
          60_000,
        );
        outcomes.set(name, { state: jobEvents.job.state, seqs });
      }
      before = numbers.length;
    }, 300_000);
    afterAll(() => undo.disposeAsync());

    test.each(Object.keys(kinds))('cut off, %s to the end, and each line is told once', (name) => {
      const { state, seqs } = outcomes.get(name) ?? { state: '', seqs: [] };
      expect(state).toBe('SUCCEEDED');
      expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
    });

    test('of two who deploy one stack one wins, and the other is told by what', async () => {
      expect(second).toMatchObject({
        state: 'FAILED',
        errorCode: 'CONFLICT',
        errorMessage: expect.stringContaining(
          `${stack.name} is being deployed right now, as the same person asked already.`,
        ) as unknown,
      });
      expect(await stack.runs()).toEqual({ gate: 'hello', web: 'hello' });
    });

    test('merged logs go on where they were, each line once', async () => {
      await readTo(before + 20);
      expect(numbers).toEqual(numbers.map((_number, index) => index));
    });

    test('what happens is told on, and what containers use', async () => {
      await using late = await container({ name: lateName });
      const seen = ({ name }: { name: string }): boolean => name === lateName;
      await watched.containers.next(({ containerEvents: { containers } }) => containers.some(seen));
      await watched.events.next(({ dockerEvents: { events } }) => events.some(seen));
      await watched.use.next(({ serverContainerStats: { items } }) =>
        items.some(({ containerId }) => containerId === late.id),
      );
    });

    test('the log of one container ends in words', async () => {
      expect(await watched.log.ended).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    });

    test('a terminal ends in words, and is found again with its screen and its shell', async () => {
      expect(await watched.terminal.ended).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await watched.type('echo two-$((1+1))\r');
      await found.next(({ containerTerminal: { text } }) => text?.includes('two-2') === true, 'its shell');
    });

    test('a log that somebody does not read on waits on the server, holds up nobody, and loses no line', async () => {
      const script = `l=$(printf '%0990d' 0); i=0; while [ $i -lt ${manyLines} ]; do echo "$i $l"; i=$((i+1)); done`;
      await using large = await container({ command: ['sh', '-c', script], options: ['--network', 'none'] });
      await docker('wait', large.id);
      const sent = rig.network.upstreamBytes;
      await using viewer = await slowViewer(rig, large.id);
      // What others ask goes the same way, after all that the agent has sent by then.
      for (let times = 0; times < 20; times += 1) {
        await rig.admin.query('mutation ($id: ID!) { pingServer(input: { serverId: $id }) { __typename } }', {
          id: rig.serverId,
        });
      }
      expect(rig.network.upstreamBytes - sent).toBeLessThan(manyLines * 500);
      const lines = (await viewer.rest()).split('\n').filter(Boolean);
      expect(lines).toHaveLength(manyLines);
      expect(lines.findIndex((line, index) => Number(line.split(' ')[0]) !== index)).toBe(-1);
    });

    test('killed in the middle of everything, it has what was there before as soon as it is started', async () => {
      await using kept = await container({ options: checked });
      const [deploying, scaling, replacing] = await Promise.all([
        stack.deploy('third', 1),
        scaled.scale(3),
        heldReplacement(rig, kept),
      ]);
      undo.use(replacing);
      await rig.stopAgent('SIGKILL');
      await rig.startAgent();
      const undone = [
        'a deployment was undone',
        'a change of how many containers there are was undone',
        'a container was put back',
      ];
      await eventually(
        async () => {
          await stack.letGo();
          const told = rig.agent.output();
          return undone.every((words) => told.includes(words));
        },
        'all of it to be undone',
        { limit: 90_000 },
      );
      for (const [id, now] of [
        [deploying, /Version \d+ runs again\.$/],
        [scaling, /There are 2 of \S+ again\.$/],
        [replacing.id, /was put back\. It runs as before\.$/],
      ] as const) {
        expect(await ended(id)).toMatchObject({
          state: 'INTERRUPTED',
          errorCode: 'OUTCOME_UNKNOWN',
          errorMessage: expect.stringMatching(now) as unknown,
        });
      }
      expect(await stack.runs()).toEqual({ gate: 'hello', web: 'hello' });
      expect(await scaled.count()).toBe(2);
      const format = '{{.Id}} {{.State.Running}}';
      expect((await docker('inspect', '--format', format, kept.name)).trim()).toBe(`${kept.id} true`);
      const names = await docker('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${kept.name}`);
      expect(names.trim()).toBe(kept.name);
    }, 300_000);

    test('stopped during a deployment, and killed while that is undone, it has what ran before run again', async () => {
      const id = await stack.deploy('third', 1);
      await rig.stopAgent('SIGTERM');
      await rig.startAgent();
      await eventually(async () => (await stack.runs())['gate'] === 'hello', 'it to be undone', {
        limit: 90_000,
      });
      await rig.stopAgent('SIGKILL');
      await rig.startAgent();
      await eventually(
        async () => {
          await stack.letGo();
          return rig.agent.output().includes('a deployment was undone');
        },
        'it to be undone after all',
        { limit: 90_000 },
      );
      expect(await ended(id)).toMatchObject({
        state: 'INTERRUPTED',
        errorCode: 'OUTCOME_UNKNOWN',
        errorMessage: expect.stringMatching(/Version \d+ runs again\.$/) as unknown,
      });
      expect(await stack.runs()).toEqual({ gate: 'hello', web: 'hello' });
      expect(await run('ps', ['-eo', 'args'])).not.toContain(stack.name);
    }, 300_000);
  });
});
