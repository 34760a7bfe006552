import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { codeOf } from '../../../testing/graphql-client.ts';
import { isPerson } from '../context.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { ServerKitError } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import { addServer, sample, TestAgents, type TestServer } from '../metrics/testing.ts';
import type { Order } from './order.ts';
import { Fleet } from './service.ts';
import { workingAgent, type WorkingAgent } from './testing.ts';

const secret = 'TOKEN=very-secret-indeed';
const pulled = { id: 'sha256:1', digests: [] };

const jobFields = `state errorCode errorMessage cancelAskedAt
  targets { serverId state errorCode errorMessage job { id state parent { id } } }`;

interface Told {
  readonly id: string;
  readonly state: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly targets: readonly {
    readonly serverId: string;
    readonly state: string;
    readonly errorCode: string | null;
    readonly job: { readonly id: string; readonly parent: { readonly id: string } | null } | null;
  }[];
}

describe('the same on many servers', () => {
  let api: TestApi;
  let admin: TestPerson;
  beforeAll(async () => {
    api = await testApi();
    admin = await api.join('admin');
  });
  afterAll(() => api[Symbol.asyncDispose]());

  let servers: TestServer[];
  let agents: TestAgents;
  let workers: WorkingAgent[];
  let fleets: Fleet[];
  beforeEach(async () => {
    agents = new TestAgents();
    fleets = [];
    vi.spyOn(api.services.agents.links, 'get').mockImplementation((id) => agents.get(id));
    vi.spyOn(api.services.agents.links, 'require').mockImplementation((id) => {
      const link = agents.get(id);
      if (!link) throw new ServerKitError('AGENT_OFFLINE', 'Away.');
      return link;
    });
    servers = [await addServer(api.platform.db), await addServer(api.platform.db)];
    workers = servers.map((server) => workingAgent(server));
    for (const { link } of workers) agents.up(link);
  });
  afterEach(async () => {
    await Promise.all(fleets.map((fleet) => fleet.stop()));
    for (const { link } of workers) link.close();
    vi.restoreAllMocks();
  });

  const ids = (): string[] => servers.map(({ id }) => id);
  const at = <Item>(list: readonly Item[], index: number): Item => {
    const item = list[index];
    if (item === undefined) throw new Error(`there is no ${index}`);
    return item;
  };

  async function told(id: string, person = admin): Promise<Told> {
    const { job } = await person.client.query<{ job: Told }>(
      `query ($id: ID!) { job(id: $id) { id ${jobFields} } }`,
      { id },
    );
    return job;
  }

  const ended = (id: string): Promise<Told> =>
    eventually(async () => {
      const job = await told(id);
      return job.state === 'RUNNING' ? false : job;
    }, 'the whole to end');

  const followed = (index: number): Promise<unknown> =>
    eventually(() => at(workers, index).isFollowed, 'the agent to be at work');

  /** A control plane's end of it: another one stands for the process after a restart. */
  function conductor(patienceMs?: number): Fleet {
    const fleet = new Fleet({
      ...api.platform,
      topics: api.services.topics,
      services: api.services,
      ...(patienceMs !== undefined && { patienceMs }),
    });
    fleets.push(fleet);
    return fleet;
  }

  const order: Order = {
    work: 'image.pull',
    parallel: 1,
    onFailure: 'STOP',
    address: '127.0.0.1',
    reference: 'web:1',
    platform: null,
  };

  async function begin(
    fleet: Fleet,
    changes: Partial<Pick<Order, 'parallel' | 'onFailure'>> = {},
    by = admin,
  ) {
    const principal = (await renew(api.services, [by.sessionId])).get(by.sessionId);
    if (!principal || !isPerson(principal)) throw new Error('nobody asks');
    return (await fleet.start({ ...order, ...changes }, ids(), { principal, address: '127.0.0.1' })).id;
  }

  const deploy = (input: object, person = admin) =>
    person.client.answer<{ deployStackToMany: { job: { id: string } } }>(
      'mutation ($input: DeployStackToManyInput!) { deployStackToMany(input: $input) { job { id } } }',
      { input: { name: 'web', files: { compose: 'services: {}', env: secret }, ...input } },
    );

  test('goes from one to the next; each part is a job of its own, and each is on record', async () => {
    const id = await begin(conductor());
    await followed(0);
    expect((await told(id)).targets.map(({ state }) => state)).toEqual(['RUNNING', 'WAITING']);
    expect(at(workers, 1).asked).toEqual([]);
    at(workers, 0).succeed(pulled);
    await followed(1);
    at(workers, 1).succeed(pulled);
    const job = await ended(id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', errorCode: null });
    expect(job.targets.map((target) => target.job?.parent?.id)).toEqual([id, id]);
    expect(workers.map(({ asked }) => asked)).toEqual([['PullImage'], ['PullImage']]);
    const record = await api.platform.db.prisma.auditEvent.findMany({
      where: { OR: [{ serverId: { in: ids() } }, { action: 'fleet.pull' }] },
      orderBy: { id: 'asc' },
      select: { action: true, outcome: true, serverId: true, actorId: true },
    });
    expect(record).toEqual([
      { action: 'image.pull', outcome: 'ok', serverId: at(ids(), 0), actorId: admin.userId },
      { action: 'image.pull', outcome: 'ok', serverId: at(ids(), 1), actorId: admin.userId },
      { action: 'fleet.pull', outcome: 'ok', serverId: null, actorId: admin.userId },
    ]);
  });

  test('stops after a failure where it is to, and goes on where it is to', async () => {
    const stopping = await begin(conductor());
    await followed(0);
    at(workers, 0).fail();
    expect(await ended(stopping)).toMatchObject({
      state: 'FAILED',
      errorCode: 'DOCKER_ERROR',
      targets: [
        { state: 'FAILED', errorCode: 'DOCKER_ERROR' },
        { state: 'SKIPPED', job: null },
      ],
    });
    const going = await begin(conductor(), { onFailure: 'CONTINUE' });
    await followed(0);
    at(workers, 0).fail();
    await followed(1);
    at(workers, 1).succeed(pulled);
    expect(await ended(going)).toMatchObject({ targets: [{ state: 'FAILED' }, { state: 'SUCCEEDED' }] });
  });

  test('that is cancelled ends what runs and begins no more', async () => {
    const id = await begin(conductor());
    await followed(0);
    await admin.client.query(
      'mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { cancelAskedAt } } }',
      { id },
    );
    await eventually(() => at(workers, 0).asked.includes('CancelAgentJob'), 'the agent to be told');
    at(workers, 0).cancelled();
    expect(await ended(id)).toMatchObject({
      state: 'CANCELLED',
      targets: [{ state: 'CANCELLED' }, { state: 'SKIPPED' }],
    });
    expect(at(workers, 1).asked).toEqual([]);
  });

  test('goes on after a restart where it stood, and begins nothing twice', async () => {
    const before = conductor();
    const id = await begin(before);
    await followed(0);
    await before.stop();
    at(workers, 0).succeed(pulled);
    await eventually(async () => at((await told(id)).targets, 0).state === 'SUCCEEDED', 'the part to end');
    expect(at(workers, 1).asked).toEqual([]);
    await conductor().resume();
    await followed(1);
    at(workers, 1).succeed(pulled);
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(workers.map(({ asked }) => asked)).toEqual([['PullImage'], ['PullImage']]);
    expect(await api.platform.db.prisma.jobOrder.count({ where: { jobId: id } })).toBe(0);
  });

  test('two who conduct the same begin nothing twice', async () => {
    const id = await begin(conductor(), { parallel: 2 });
    await conductor().resume();
    await Promise.all([followed(0), followed(1)]);
    for (const worker of workers) worker.succeed(pulled);
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(workers.map(({ asked }) => asked)).toEqual([['PullImage'], ['PullImage']]);
  });

  test('does not begin where its agent went away before its turn', async () => {
    const id = await begin(conductor());
    await followed(0);
    at(workers, 1).link.close();
    at(workers, 0).succeed(pulled);
    expect(await ended(id)).toMatchObject({
      errorCode: 'AGENT_OFFLINE',
      targets: [{ state: 'SUCCEEDED' }, { state: 'FAILED', errorCode: 'AGENT_OFFLINE' }],
    });
  });

  test('goes on without an agent that went away in the middle; its own job still tells how that ends', async () => {
    const id = await begin(conductor(20), { onFailure: 'CONTINUE' });
    await followed(0);
    at(workers, 0).link.close();
    await followed(1);
    at(workers, 1).succeed(pulled);
    const job = await ended(id);
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'AGENT_OFFLINE' });
    // What is known by now is that it has not ended.
    expect(job.targets.map(({ state }) => state)).toEqual(['RUNNING', 'SUCCEEDED']);
  });

  test('asks for the rights again at each turn: what was lost meanwhile is refused, on record', async () => {
    const person = await api.join('operator');
    const { client } = admin;
    await client.query('mutation ($i: SetUserAccessInput!) { setUserAccess(input: $i) { user { id } } }', {
      i: { userId: person.userId, access: 'GRANTED' },
    });
    const grants: string[] = [];
    for (const serverId of ids()) {
      const { grantAccess } = await client.query<{ grantAccess: { grant: { id: string } } }>(
        'mutation ($i: GrantAccessInput!) { grantAccess(input: $i) { grant { id } } }',
        { i: { userId: person.userId, serverId, scopes: ['servers:read', 'docker:*'] } },
      );
      grants.push(grantAccess.grant.id);
    }
    const id = await begin(conductor(), { onFailure: 'CONTINUE' }, person);
    await followed(0);
    // They see it, as a whole as long as they may on all of it.
    expect((await told(id, person)).targets).toHaveLength(2);
    await client.query('mutation ($i: RevokeGrantInput!) { revokeGrant(input: $i) { revokedGrantId } }', {
      i: { grantId: at(grants, 1) },
    });
    const seen = await told(id, person);
    expect(seen.targets.map(({ serverId }) => serverId)).toEqual([at(ids(), 0)]);
    at(workers, 0).succeed(pulled);
    expect(await ended(id)).toMatchObject({
      targets: [{ state: 'SUCCEEDED' }, { state: 'FAILED', errorCode: 'PERMISSION_DENIED' }],
    });
    expect(at(workers, 1).asked).toEqual([]);
    expect((await told(id, person)).errorMessage).toBeNull();
    const cancel = 'mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }';
    expect(codeOf(await person.client.answer(cancel, { id }))).toBe('PERMISSION_DENIED');
    expect(
      await api.platform.db.prisma.auditEvent.findFirst({
        where: { serverId: at(ids(), 1), action: 'image.pull' },
        select: { outcome: true, code: true },
      }),
    ).toEqual({ outcome: 'refused', code: 'PERMISSION_DENIED' });
  });

  test('begins nothing on behalf of a session that has ended', async () => {
    const person = await api.join('operator');
    const id = await begin(conductor(), {}, person);
    await followed(0);
    await api.platform.db.prisma.session.update({
      where: { id: person.sessionId },
      data: { revokedAt: new Date() },
    });
    at(workers, 0).succeed(pulled);
    expect(await ended(id)).toMatchObject({
      targets: [{ state: 'SUCCEEDED' }, { errorCode: 'PERMISSION_DENIED' }],
    });
  });

  test('keeps no session open that nobody uses', async () => {
    const person = await api.join('operator');
    const id = await begin(conductor(), {}, person);
    await followed(0);
    const { session } = api.platform.db.prisma;
    const where = { id: person.sessionId };
    const lastUsedAt = new Date(Date.now() - 3_600_000);
    await session.update({ where, data: { lastUsedAt } });
    at(workers, 0).succeed(pulled);
    await followed(1);
    at(workers, 1).succeed(pulled);
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await session.findUniqueOrThrow({ where })).toMatchObject({ lastUsedAt });
  });

  test('keeps files sealed while it goes on and nowhere afterwards', async () => {
    const { data } = await deploy({ serverIds: ids(), parallel: 2 });
    const id = data?.deployStackToMany.job.id ?? '';
    await Promise.all([followed(0), followed(1)]);
    const dump = async () =>
      JSON.stringify([
        await api.platform.db.pool.query(`SELECT "Job"::text FROM "Job"`).then(({ rows }) => rows as unknown),
        await api.platform.db.prisma.auditEvent
          .findMany()
          .then((rows) => rows.map((row) => String(row.parameters))),
      ]);
    expect(await api.platform.db.prisma.jobOrder.count({ where: { jobId: id } })).toBe(1);
    const [{ sealed } = { sealed: new Uint8Array() }] = await api.platform.db.prisma.jobOrder.findMany();
    expect(Buffer.from(sealed).includes(secret)).toBe(false);
    expect(await dump()).not.toContain(secret);
    for (const worker of workers) worker.succeed({ version: 1 });
    await ended(id);
    expect(await api.platform.db.prisma.jobOrder.count({ where: { jobId: id } })).toBe(0);
  });

  test('is for servers that are seen, by name or by what they have in common', async () => {
    const viewer = await api.join('viewer');
    expect(codeOf(await deploy({ serverIds: ids() }, viewer))).toBe('PERMISSION_DENIED');
    expect(codeOf(await deploy({ serverIds: [...ids(), 'srv_0'] }))).toBe('INPUT_INVALID');
    expect(codeOf(await deploy({}))).toBe('INPUT_INVALID');
    expect(codeOf(await deploy({ filter: {} }))).toBe('INPUT_INVALID');
    // Blanks are no words to look for.
    expect(codeOf(await deploy({ filter: { text: ' ' } }))).toBe('INPUT_INVALID');
    await api.platform.db.prisma.server.update({ where: { id: at(ids(), 1) }, data: { tags: ['blue'] } });
    const { data } = await deploy({ filter: { tags: ['blue'] } });
    await followed(1);
    expect(at(workers, 0).asked).toEqual([]);
    at(workers, 1).succeed({ version: 1 });
    const job = await ended(data?.deployStackToMany.job.id ?? '');
    expect(job.targets.map(({ serverId }) => serverId)).toEqual([at(ids(), 1)]);
  });

  test('is planned server by server, those that cannot be asked too', async () => {
    at(workers, 1).link.close();
    const { planFleetDeployment } = await admin.client.query<{ planFleetDeployment: object[] }>(
      'query ($input: PlanFleetDeploymentInput!) { planFleetDeployment(input: $input) { serverId plan { version } error { code } } }',
      { input: { name: 'web', files: { compose: 'services: {}' }, serverIds: [at(ids(), 1)] } },
    );
    expect(planFleetDeployment).toEqual([
      { serverId: at(ids(), 1), plan: null, error: { code: 'AGENT_OFFLINE' } },
    ]);
  });

  test('goes where most is free, as far as one may', async () => {
    const [first, second] = [at(servers, 0), at(servers, 1)];
    vi.spyOn(api.services.metrics, 'latest').mockResolvedValue(
      new Map([
        [first.id, { serverId: first.id, at: Date.now(), sample: sample(1, { cpuPercent: 80 }) }],
        [second.id, { serverId: second.id, at: Date.now(), sample: sample(1, { cpuPercent: 10 }) }],
      ]),
    );
    const ask = `query ($input: ProposePlacementInput!) { proposePlacement(input: $input) {
      candidates { serverId memoryFreeBytes cores coresFree score server { name } } excluded { serverId reason } } }`;
    interface Answer {
      readonly proposePlacement: {
        readonly candidates: readonly { readonly serverId: string; readonly coresFree: number }[];
        readonly excluded: readonly { readonly serverId: string; readonly reason: string }[];
      };
    }
    const { proposePlacement } = await admin.client.query<Answer>(ask, { input: {} });
    const ours = proposePlacement.candidates.filter(({ serverId }) => ids().includes(serverId));
    expect(ours).toMatchObject([
      { serverId: second.id, coresFree: 0.9 },
      { serverId: first.id, coresFree: 0.2 },
    ]);
    const viewer = await api.join('viewer');
    const answer = await viewer.client.query<Answer>(ask, { input: {} });
    expect(answer.proposePlacement.candidates).toEqual([]);
    expect(answer.proposePlacement.excluded).toContainEqual({ serverId: first.id, reason: 'NO_SCOPE' });
  });
});
