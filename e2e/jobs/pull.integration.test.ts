import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { apiToken } from '../../testing/api-token.ts';
import { eventually } from '../../testing/events.ts';
import { fence, fencesOf } from '../../testing/fences.ts';
import { codeOf } from '../../testing/graphql-client.ts';
import { testImages } from '../../testing/images.ts';
import { packedClient } from '../../testing/packed-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { plainEnv, run, startProcess } from '../../testing/processes.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { freshImage, registry, type Registry } from '../../testing/registry.ts';
import { jobRig, type JobEventData, type JobRig } from './rig.ts';

describeWith(['docker', 'registry', 'compose'], 'a pull as a job', () => {
  let rig: JobRig;
  let hub: Registry;
  beforeAll(async () => {
    [rig, hub] = await Promise.all([jobRig(), registry()]);
    await rig.startAgent();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  let reference: string;
  let count = 0;
  beforeEach(async () => {
    const image = await freshImage();
    reference = await hub.push(image, `team/web:${(count += 1)}`);
    await run('docker', ['rmi', image]);
    return async () => {
      await run('docker', ['rmi', '--force', reference]).catch(() => undefined);
    };
  });

  const hasEnded = ({ jobEvents: { job } }: JobEventData) => job.finishedAt !== null;
  const ended = (id: string) =>
    eventually(async () => {
      const job = await rig.job(id);
      return job.finishedAt !== null && job;
    }, 'the job to end');
  const audited = (id: string) =>
    rig.rows<{ action: string; outcome: string; code: string | null; actorLabel: string }>(
      `SELECT action, outcome, code, "actorLabel" FROM "AuditEvent" WHERE parameters->>'jobId' = $1`,
      [id],
    );
  const downloading = () => eventually(() => hub.downloads > 0, 'a download to be open');

  test('is told live to its end, kept, and audited once, with who asked for it', async () => {
    const release = hub.hold();
    const id = await rig.pull(reference);
    await using events = rig.follow(id);
    const moving = await events.next(
      ({ jobEvents: { job } }) => job.progress.some(({ current }) => (current ?? 0) > 0),
      'progress',
    );
    expect(moving.jobEvents.job).toMatchObject({ state: 'RUNNING', kind: 'image.pull' });
    release();
    const last = await events.next(hasEnded);
    const [idThere, digest] = (
      await run('docker', ['inspect', '--format', '{{.Id}} {{index .RepoDigests 0}}', reference])
    )
      .trim()
      .split(' ');
    expect(last.jobEvents.job).toMatchObject({
      state: 'SUCCEEDED',
      target: { kind: 'image', id: reference },
      result: { id: idThere, digests: [digest] },
    });
    expect(await events.ended).toBeUndefined();
    expect(await audited(id)).toEqual([
      { action: 'image.pull', outcome: 'ok', code: null, actorLabel: rig.plane.admin.email },
    ]);
  });

  test('that fails says why, and is audited as failed', async () => {
    const id = await rig.pull(`${hub.address}/team/nothing:1`);
    expect(await ended(id)).toMatchObject({ state: 'FAILED', errorCode: 'NOT_FOUND', result: null });
    expect(await audited(id)).toMatchObject([{ outcome: 'failed', code: 'NOT_FOUND' }]);
  });

  test('that is cancelled leaves no download running', async () => {
    const release = hub.hold();
    const id = await rig.pull(reference);
    await downloading();
    await rig.admin.query('mutation ($input: CancelJobInput!) { cancelJob(input: $input) { job { id } } }', {
      input: { jobId: id },
    });
    expect(await ended(id)).toMatchObject({ state: 'CANCELLED', errorCode: 'CANCELLED' });
    await eventually(() => hub.downloads === 0, 'the download to end');
    release();
    expect(await audited(id)).toMatchObject([{ outcome: 'failed', code: 'CANCELLED' }]);
  });

  test(
    'goes to many servers, and so does a stack, by what docs/fleet.md says',
    { timeout: 120_000 },
    async () => {
      await using end = new AsyncDisposableStack();
      const folder = end.use(await packedClient());
      const box = (await run('docker', ['create', testImages.busybox])).trim();
      end.defer(async () => void (await run('docker', ['rm', box])));
      const runs = `CMD ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]`;
      const image = (await run('docker', ['commit', '--change', runs, box])).trim();
      // It has no other name, and goes with it.
      const server = await hub.push(image, 'team/server:1');
      end.defer(async () => void (await run('docker', ['rmi', '--force', server])));
      const stack = uniqueProject();
      end.defer(() => removeComposeProject(stack));
      for (const { file, text } of fencesOf('docs/fleet.md')) {
        const own = text.replace('nginx:1.29', server).replace('"shop"', `"${stack}"`);
        if (file !== undefined) writeFileSync(folder.file(file), own);
      }
      await rig.admin.query(
        'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
        { input: { serverId: rig.serverId, name: 'web-1', tags: ['web'] } },
      );
      const room = '{ proposePlacement(input: {}) { candidates { serverId } } }';
      await eventually(
        async () => JSON.stringify(await rig.admin.query(room)).includes(rig.serverId),
        'the server to be measured',
      );
      const scopes = ['servers:read', 'docker:images:*', 'docker:compose:*'];
      const { secret } = await apiToken(rig.admin, ...scopes);
      const env = plainEnv({ SERVERKIT_URL: rig.plane.url, SERVERKIT_TOKEN: secret });

      let job = '';
      const said: string[] = [];
      const commands = ['fleet-commands', 'fleet-graphql'].flatMap((name) =>
        fence('docs/fleet.md', name).trim().split('\n'),
      );
      for (const line of commands) {
        const own = line.replace('nginx:1.29', server).replace('deploy shop', `deploy ${stack}`);
        const command = own.replace('job_…', job).replace('npx ', 'exec npx --offline ');
        await using program = startProcess('bash', ['-c', command], { cwd: folder.path, env });
        expect(await program.exit, `${line}: ${program.output()}`).toEqual({ code: 0, signal: null });
        job = /"(job_\w+)"/.exec(program.output())?.[1] ?? job;
        said.push(program.output());
      }
      const [missing, pulled, planned, deployed, again, candidates, plan, , followed] = said;
      expect(missing).toMatch(/web-1 +yes +pull: not there yet/);
      expect(pulled).toMatch(/web-1: done$/m);
      expect(planned).toMatch(/web-1 +yes +web: create$/m);
      expect(deployed).toMatch(/web-1: done$/m);
      expect(again).toContain('"what":"nothing changes"');
      expect(again).toContain('"step":"result","ok":true,"state":"SUCCEEDED"');
      expect(candidates).toContain(`"serverId":"${rig.serverId}"`);
      expect(plan).toMatch(/"version":\d+.*"action":"NONE"/);
      expect(followed).toMatch(/"targets":\[\{"name":"web-1","state":"SUCCEEDED"/);
    },
  );

  test('goes on while the control plane is killed, and is followed to its end by the next one', async () => {
    const release = hub.hold();
    const id = await rig.pull(reference);
    await downloading();
    await rig.restartPlane();
    expect(await rig.job(id)).toMatchObject({ state: 'RUNNING' });
    await using events = rig.follow(id);
    release();
    expect((await events.next(hasEnded)).jobEvents.job).toMatchObject({ state: 'SUCCEEDED' });
    expect(await audited(id)).toHaveLength(1);
    const lines = await rig.rows<{ seq: number }>(
      'SELECT seq FROM "JobLine" WHERE "jobId" = $1 ORDER BY seq',
      [id],
    );
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_line, index) => index + 1));
  });

  test('whose agent is killed is told as interrupted once it is back', async () => {
    const release = hub.hold();
    const id = await rig.pull(reference);
    await downloading();
    await rig.stopAgent('SIGKILL');
    await rig.startAgent();
    expect(await ended(id)).toMatchObject({ state: 'INTERRUPTED', errorCode: 'OUTCOME_UNKNOWN' });
    release();
    expect(await audited(id)).toMatchObject([{ outcome: 'failed', code: 'OUTCOME_UNKNOWN' }]);
  });

  test('is not begun where the agent is offline, and that is on record', async () => {
    await rig.stopAgent('SIGTERM');
    const answer = await rig.admin.answer(
      'mutation ($input: PullImageInput!) { pullImage(input: $input) { job { id } } }',
      { input: { serverId: rig.serverId, reference } },
    );
    expect(codeOf(answer)).toBe('AGENT_OFFLINE');
    const [job] = await rig.rows<{ state: string; errorCode: string }>(
      'SELECT state, "errorCode" FROM "Job" ORDER BY "createdAt" DESC LIMIT 1',
    );
    expect(job).toEqual({ state: 'failed', errorCode: 'AGENT_OFFLINE' });
    await rig.startAgent();
  });
});
