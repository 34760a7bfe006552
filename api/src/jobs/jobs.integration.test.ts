import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { ServerKitError } from '../errors.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { newId } from '../ids.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import { addServer } from '../metrics/testing.ts';
import { jobChanges } from './events.ts';
import { imagePull } from '../images/jobs.ts';
import { PullImageDocument } from '../images/operations.ts';
import type { JobLink } from './follower.ts';
import { keptLines } from './records.ts';
import { Jobs } from './service.ts';

const system = { kind: 'system', label: 'test' } as const;

describe('jobs of the public API', () => {
  let api: TestApi;
  let admin: TestPerson;
  let operator: TestPerson;
  let viewer: TestPerson;
  let elsewhere: TestPerson;
  beforeAll(async () => {
    api = await testApi();
    [admin, operator, viewer, elsewhere] = await Promise.all([
      api.join('admin'),
      api.join('operator'),
      api.join('viewer'),
      api.join('operator'),
    ]);
    await api.platform.db.prisma.user.update({
      where: { id: elsewhere.userId },
      data: { access: 'granted' },
    });
  });
  afterAll(() => api[Symbol.asyncDispose]());

  let serverId: string;
  let id: string;
  beforeEach(async () => {
    serverId = (await addServer(api.platform.db)).id;
    id = newId('job');
    await api.services.jobs.records.begin({
      id,
      serverId,
      kind: 'image.pull',
      scope: 'docker:images:write',
      target: { kind: 'image', id: 'web:1' },
      parameters: {},
      actor: system,
    });
  });

  const line = (seq: number) => ({ seq, at: Date.now(), stream: 'STDOUT', text: `line ${seq}` });
  const say = async (from: number, to: number): Promise<void> => {
    const lines = Array.from({ length: to - from + 1 }, (_, index) => line(from + index));
    await api.services.jobs.records.note(id, { lines, progress: [], step: null });
    api.services.topics.publish(jobChanges, { jobId: id, serverId, kind: 'image.pull', ended: false });
  };
  const end = async (): Promise<void> => {
    const job = await api.services.jobs.require(id);
    await api.services.jobs.records.end(job, { state: 'succeeded', result: { id: 'x' }, error: null });
    api.services.topics.publish(jobChanges, { jobId: id, serverId, kind: 'image.pull', ended: true });
  };

  const events =
    'subscription ($id: ID!, $after: Int!) { jobEvents(id: $id, after: $after) { dropped lines { seq } job { state } } }';
  interface Event {
    readonly jobEvents: {
      readonly dropped: number;
      readonly lines: readonly { readonly seq: number }[];
      readonly job: { readonly state: string };
    };
  }
  const cancel = 'mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { cancelAskedAt } } }';
  const pull =
    'mutation ($id: ID!) { pullImage(input: { serverId: $id, reference: "web:1" }) { job { id } } }';

  test('a viewer sees a job, and neither begins nor cancels one', async () => {
    const { client } = viewer;
    expect(await client.query('query ($id: ID!) { job(id: $id) { state } }', { id })).toEqual({
      job: { state: 'PENDING' },
    });
    expect(codeOf(await client.answer(cancel, { id }))).toBe('PERMISSION_DENIED');
    expect(codeOf(await client.answer(pull, { id: serverId }))).toBe('PERMISSION_DENIED');
    expect((await api.services.jobs.require(id)).cancelAskedAt).toBeNull();
  });

  test('for who may not see the server there is no such job, in no way of asking', async () => {
    const { client } = elsewhere;
    expect(codeOf(await client.answer('query ($id: ID!) { job(id: $id) { state } }', { id }))).toBe(
      'PERMISSION_DENIED',
    );
    expect(codeOf(await client.answer(cancel, { id }))).toBe('PERMISSION_DENIED');
    await using stream = client.subscribe<Event>(events, { id, after: 0 });
    await expect(stream.next()).rejects.toThrow('PERMISSION_DENIED');
  });

  test('who sees another server alone finds no job of this one', async () => {
    const other = (await addServer(api.platform.db)).id;
    await admin.client.query(
      'mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } } }',
      {
        input: { userId: elsewhere.userId, serverId: other, scopes: ['servers:read', 'docker:*'] },
      },
    );
    const { client } = elsewhere;
    expect(
      await client.query('query ($id: ID!) { job(id: $id) { state } jobs { totalCount } }', { id }),
    ).toEqual({
      job: null,
      jobs: { totalCount: 0 },
    });
    expect(codeOf(await client.answer(cancel, { id }))).toBe('NOT_FOUND');
    await using stream = client.subscribe<Event>(events, { id, after: 0 });
    await expect(stream.next()).rejects.toThrow('NOT_FOUND');
  });

  test('is cancelled by an operator while its agent is away; that is remembered and on record, once it is asked for', async () => {
    const { cancelJob } = await operator.client.query<{
      cancelJob: { job: { cancelAskedAt: string | null } };
    }>(cancel, { id });
    expect(cancelJob.job.cancelAskedAt).not.toBeNull();
    const recorded = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'job.cancel', targetId: id },
    });
    expect(recorded).toMatchObject([{ actorId: operator.userId, serverId, outcome: 'ok' }]);
  });

  test('that has ended cannot be cancelled any more, and nothing is recorded', async () => {
    await end();
    await operator.client.query(cancel, { id });
    expect(await api.services.jobs.require(id)).toMatchObject({ state: 'succeeded', cancelAskedAt: null });
    expect(
      await api.platform.db.prisma.auditEvent.count({ where: { action: 'job.cancel', targetId: id } }),
    ).toBe(0);
  });

  test('of two who tell its end, one does, and it is audited once', async () => {
    await Promise.all([end(), end(), end()]);
    const ended = await api.platform.db.prisma.auditEvent.findMany({
      where: { action: 'image.pull', serverId },
    });
    expect(ended).toHaveLength(1);
  });

  test('a reader who comes, leaves and comes again gets each line once, in order', async () => {
    await say(1, 1_200);
    const seen: number[] = [];
    const read = async (after: number, until: number): Promise<void> => {
      await using stream = admin.client.subscribe<Event>(events, { id, after });
      await stream.next(({ jobEvents: { lines } }) => {
        seen.push(...lines.map(({ seq }) => seq));
        return (seen.at(-1) ?? 0) >= until;
      });
    };
    await read(0, 1_200);
    await say(1_201, 1_300);
    await read(1_200, 1_300);
    expect(seen).toEqual(Array.from({ length: 1_300 }, (_, index) => index + 1));
  });

  test('a reader whose rights change meanwhile gets each line once as well', async () => {
    const reader = await api.join('operator');
    const { prisma } = api.platform.db;
    await prisma.user.update({ where: { id: reader.userId }, data: { access: 'granted' } });
    const grant = (to: string) =>
      admin.client.query(
        'mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } } }',
        { input: { userId: reader.userId, serverId: to } },
      );
    await grant(serverId);
    await using stream = reader.client.subscribe<Event>(events, { id, after: 0 });
    // Told before anything is said, so that nothing is told again afterwards.
    await stream.next();
    await say(1, 5);
    await stream.next(({ jobEvents: { lines } }) => lines.at(-1)?.seq === 5);
    await grant((await addServer(api.platform.db)).id);
    // It is opened again, and tells where the job stands.
    expect((await stream.next()).jobEvents).toEqual({ dropped: 0, lines: [], job: { state: 'RUNNING' } });
    await say(6, 6);
    expect((await stream.next()).jobEvents.lines).toEqual([{ seq: 6 }]);
  });

  test('lines that are told twice are stored once, and the stream ends with the job', async () => {
    await using stream = admin.client.subscribe<Event>(events, { id, after: 0 });
    await say(1, 10);
    await say(5, 12);
    const seen: number[] = [];
    await stream.next(({ jobEvents: { lines } }) => {
      seen.push(...lines.map(({ seq }) => seq));
      return seen.at(-1) === 12;
    });
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    await end();
    await stream.next(({ jobEvents: { job } }) => job.state === 'SUCCEEDED');
    expect(await stream.ended).toBeUndefined();
  });

  test('keeps its newest lines, and says how many are missing', async () => {
    const last = keptLines + 3_000;
    for (let from = 1; from <= last; from += 1_000) await say(from, from + 999);
    const [oldest] = await api.services.jobs.records.lines(id, 0, 1);
    expect(oldest?.seq).toBeGreaterThan(2_000);
    await using stream = admin.client.subscribe<Event>(events, { id, after: 0 });
    const first = await stream.next();
    expect(first.jobEvents.dropped).toBe((oldest?.seq ?? 0) - 1);
  });

  test('that ended long ago is deleted with its lines; one that has not ended stays', async () => {
    await say(1, 3);
    const later = new Date(Date.now() + 1_000);
    await api.services.jobs.sweep(later);
    expect(await api.services.jobs.records.lines(id, 0, 10)).toHaveLength(3);
    await end();
    await api.services.jobs.sweep(new Date(Date.now() + 1_000));
    expect(await api.services.jobs.records.find(id)).toBeNull();
    expect(await api.services.jobs.records.lines(id, 0, 10)).toEqual([]);
  });

  test('that has not ended when its server is deleted stays on record, once', async () => {
    await admin.client.query(
      'mutation ($id: ID!) { deleteServer(input: { serverId: $id }) { deletedServerId } }',
      {
        id: serverId,
      },
    );
    const recorded = await api.platform.db.prisma.auditEvent.findMany({
      where: { serverId, action: { in: ['image.pull', 'server.delete'] } },
      orderBy: { id: 'asc' },
      select: { action: true, outcome: true, code: true, targetId: true, actorId: true },
    });
    expect(recorded).toEqual([
      { action: 'image.pull', outcome: 'failed', code: 'OUTCOME_UNKNOWN', targetId: 'web:1', actorId: null },
      { action: 'server.delete', outcome: 'ok', code: null, targetId: serverId, actorId: admin.userId },
    ]);
  });

  test('tells who may not look at images that there is one, and nothing of it', async () => {
    await api.services.jobs.records.note(id, {
      lines: [],
      progress: [{ item: 'layer', status: 'a secret path', current: null, total: null, unit: null }],
      step: 'secret step',
    });
    const job = await api.services.jobs.require(id);
    const error = { code: 'DOCKER_ERROR', message: 'secret words' } as const;
    await api.services.jobs.records.end(job, { state: 'failed', result: null, error });
    const ask =
      'query ($id: ID!) { job(id: $id) { state step errorMessage progress { item } target { kind id name } } }';
    const person = await api.join('viewer');
    await admin.client.query(
      'mutation ($input: SetUserAccessInput!) { setUserAccess(input: $input) { user { id } } }',
      { input: { userId: person.userId, access: 'GRANTED' } },
    );
    await admin.client.query(
      'mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } } }',
      { input: { userId: person.userId, serverId, scopes: ['servers:read'] } },
    );
    expect(await person.client.query(ask, { id })).toEqual({
      job: {
        state: 'FAILED',
        step: null,
        errorMessage: null,
        progress: [],
        target: { kind: 'image', id: '', name: '' },
      },
    });
    expect(await viewer.client.query(ask, { id })).toMatchObject({
      job: { step: 'secret step', errorMessage: 'secret words', target: { id: 'web:1' } },
    });
    // Nor does it say whether it was on something that one asks for by name.
    const on = 'query ($filter: JobFilter!) { jobs(filter: $filter) { totalCount nodes { id } } }';
    const variables = { filter: { serverId, targetId: 'web:1' } };
    expect(await person.client.query(on, variables)).toEqual({ jobs: { totalCount: 0, nodes: [] } });
    expect(await viewer.client.query(on, variables)).toEqual({ jobs: { totalCount: 1, nodes: [{ id }] } });
  });

  test('is told live in full to who may read it', async () => {
    // Others listen as well, so that whether anybody does says nothing.
    using subscribe = vi.spyOn(api.services.topics, 'subscribe');
    await using changes = viewer.client.subscribe<{ jobChanges: object }>(
      'subscription { jobChanges { target { name } step progress { item } } }',
    );
    const isOpen = (): boolean => subscribe.mock.calls.some(([topic]) => topic === jobChanges);
    await eventually(isOpen, 'the subscription to be open');
    const part = { item: 'layer', status: 'Downloading', current: null, total: null, unit: null };
    await api.services.jobs.records.note(id, { lines: [], progress: [part], step: 'pulling' });
    api.services.topics.publish(jobChanges, { jobId: id, serverId, kind: 'image.pull', ended: false });
    expect(await changes.next()).toEqual({
      jobChanges: { target: { name: 'web:1' }, step: 'pulling', progress: [{ item: 'layer' }] },
    });
  });

  describe('with an agent', () => {
    function jobsOver(run: JobLink['run']) {
      const closed = new AbortController();
      const link: JobLink = {
        serverId,
        closed: closed.signal,
        run,
        subscribe: () => ({ id: 'stream', grant: () => undefined, stop: () => undefined }),
      };
      const jobs = new Jobs(api.platform, {
        audit: api.services.audit,
        topics: api.services.topics,
        agents: {
          links: { get: () => link, onUp: () => undefined },
          commands: { link: () => Promise.resolve(link) },
        },
      });
      return { jobs, [Symbol.dispose]: () => closed.abort() };
    }
    const answer = (): Promise<never> => Promise.resolve<never>(JSON.parse('{}'));

    test('that has begun is not told to have failed when the database stumbles over that', async () => {
      using over = jobsOver(answer);
      vi.spyOn(over.jobs.records, 'began').mockRejectedValue(new Error('the database is away'));
      const started = over.jobs.start(imagePull, {
        serverId,
        target: { kind: 'image', id: 'web:2' },
        actor: system,
        document: PullImageDocument,
        variables: (jobId) => ({ jobId, reference: 'web:2', platform: null, auth: null }),
      });
      await expect(started).rejects.toThrow('the database is away');
      const rows = await api.platform.db.prisma.job.findMany({ where: { serverId }, orderBy: { id: 'asc' } });
      expect(rows.map(({ state }) => state)).toEqual(['pending', 'pending']);
    });

    test('that does not hear that a job is to end is told again', async () => {
      let asked = 0;
      using over = jobsOver(() => {
        asked += 1;
        return asked === 1 ? Promise.reject(new ServerKitError('AGENT_TIMEOUT', 'no answer')) : answer();
      });
      await over.jobs.cancel(id, system);
      await eventually(() => asked === 2, 'it to be told again');
    });
  });

  test('goes with its server', async () => {
    await say(1, 3);
    await api.platform.db.prisma.server.delete({ where: { id: serverId } });
    expect(await api.services.jobs.records.find(id)).toBeNull();
  });
});
