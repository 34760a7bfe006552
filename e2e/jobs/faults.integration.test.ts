import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { run } from '../../testing/processes.ts';
import { freshImage, registry, type Registry } from '../../testing/registry.ts';
import { jobRig, type JobRig } from './rig.ts';

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

describeWith(['docker', 'registry'], 'a pull while the link is cut', () => {
  let rig: JobRig;
  let hub: Registry;
  let reference: string;
  beforeAll(async () => {
    [rig, hub] = await Promise.all([jobRig(), registry()]);
    await rig.startAgent();
  });
  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
  });
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
    await rig.admin.query('mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }', { id });
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
