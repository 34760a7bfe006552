import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { testApi, type TestApi } from '../graphql/testing.ts';
import { newId } from '../ids.ts';

interface Found {
  readonly auditEvents: {
    readonly nodes: readonly { readonly action: string; readonly outcome: string; readonly count: number }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

const find = /* GraphQL */ `
  query Find($filter: AuditEventFilter, $first: Int, $after: String) {
    auditEvents(first: $first, after: $after, filter: $filter) {
      nodes {
        action
        actorKind
        actorId
        actorLabel
        code
        count
        outcome
        parameters
        serverId
        targetId
        targetName
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const record = (action: string, extra: object = {}) =>
  api.services.audit.record(api.platform.db.prisma, {
    actor: { kind: 'system', label: 'test' },
    action,
    ...extra,
  });

test('events are found by action, noun, actor, server, outcome and time, newest first, page by page', async () => {
  const { client } = await api.join('admin');
  await record('thing.make', { serverId: 'srv_1' });
  await record('thing.break', { serverId: 'srv_1' });
  await record('things.other', { serverId: 'srv_1', target: { kind: 'container', id: 'cnt_1' } });
  await record('thing.fail', {
    outcome: 'failed',
    code: 'CONFLICT',
    actor: { kind: 'agent', id: 'agt_1', label: 'a', address: '' },
  });

  const actions = async (filter: object) => {
    const { auditEvents } = await client.query<Found>(find, { filter });
    return auditEvents.nodes.map(({ action }) => action);
  };
  expect(await actions({ action: 'thing' })).toEqual(['thing.fail', 'thing.break', 'thing.make']);
  expect(await actions({ action: 'thing.make' })).toEqual(['thing.make']);
  expect(await actions({ serverId: 'srv_1' })).toEqual(['things.other', 'thing.break', 'thing.make']);
  expect(await actions({ actorId: 'agt_1' })).toEqual(['thing.fail']);
  expect(await actions({ actorKind: 'AGENT' })).toEqual(['thing.fail']);
  expect(await actions({ targetId: 'cnt_1' })).toEqual(['things.other']);
  expect(await actions({ outcome: 'FAILED' })).toEqual(['thing.fail']);
  expect(await actions({ action: 'thing', from: new Date(Date.now() + 60_000) })).toEqual([]);
  expect(await actions({ action: 'thing', to: new Date(Date.now() + 60_000) })).toHaveLength(3);

  const first = await client.query<Found>(find, { first: 2, filter: { action: 'thing' } });
  const { hasNextPage, endCursor } = first.auditEvents.pageInfo;
  expect(hasNextPage).toBe(true);
  const second = await client.query<Found>(find, { first: 2, after: endCursor, filter: { action: 'thing' } });
  expect(second.auditEvents.nodes.map(({ action }) => action)).toEqual(['thing.make']);
});

test('pages go on where they ended, in both directions, also among events of one moment', async () => {
  const { client } = await api.join('admin');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  for (const n of [1, 2, 3, 4, 5]) await record(`tie.n${n}`);
  vi.useRealTimers();
  const page = async (args: string) => {
    const { auditEvents } = await client.query<Paged>(
      `{ auditEvents(filter: { action: "tie" }, ${args}) {
           edges { cursor node { action } } pageInfo { hasNextPage hasPreviousPage } } }`,
    );
    return auditEvents;
  };
  const first = await page('first: 2');
  expect(names(first)).toEqual(['tie.n5', 'tie.n4']);
  expect(first.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false });
  const second = await page(`first: 10, after: "${first.edges.at(-1)?.cursor}"`);
  expect(names(second)).toEqual(['tie.n3', 'tie.n2', 'tie.n1']);
  expect(second.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true });
  const back = await page(`last: 2, before: "${second.edges[1]?.cursor}"`);
  expect(names(back)).toEqual(['tie.n4', 'tie.n3']);

  const { errors } = await client.answer('{ auditEvents(after: "nonsense") { nodes { id } } }');
  expect(errors?.[0]?.extensions?.['code']).toBe('INPUT_INVALID');
});

interface Paged {
  readonly auditEvents: {
    readonly edges: readonly { readonly cursor: string; readonly node: { readonly action: string } }[];
    readonly pageInfo: object;
  };
}

const names = ({ edges }: Paged['auditEvents']): string[] => edges.map(({ node }) => node.action);

test('an event and the change it describes exist together or not at all', async () => {
  const { prisma } = api.platform.db;
  const change = prisma.$transaction(async (tx) => {
    await tx.setting.create({ data: { key: 'test', value: 1 } });
    await api.services.audit.record(tx, {
      actor: { kind: 'system', label: 'test' },
      action: 'setting.rollback',
    });
    throw new Error('no');
  });
  await expect(change).rejects.toThrow('no');
  expect(await prisma.setting.findUnique({ where: { key: 'test' } })).toBeNull();
  expect(await prisma.auditEvent.count({ where: { action: 'setting.rollback' } })).toBe(0);
});

test('who is refused is on record: by name, with what was tried, and without secrets', async () => {
  const admin = await api.join('admin');
  const viewer = await api.join('viewer');
  const create = 'mutation Try($input: CreateServerInput!) { createServer(input: $input) { server { id } } }';
  const secret = 'sk_reg_abcdefgh_topsecret';
  for (let attempt = 0; attempt < 3; attempt++) {
    const { errors } = await viewer.client.answer(create, { input: { name: 'mine', description: secret } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED', scope: 'servers:register' });
  }
  await api.services.audit.flush();
  const nested = await viewer.client.answer('{ users { nodes { id } } }');
  expect(nested.errors?.[0]?.extensions?.['code']).toBe('PERMISSION_DENIED');
  await api.services.audit.flush();

  const { auditEvents } = await admin.client.query<Found>(find, { filter: { actorId: viewer.userId } });
  expect(auditEvents.nodes).toMatchObject([
    { action: 'query.users', outcome: 'REFUSED', count: 1 },
    {
      action: 'mutation.createServer',
      outcome: 'REFUSED',
      code: 'PERMISSION_DENIED',
      count: 2,
      parameters: {},
    },
    {
      action: 'mutation.createServer',
      outcome: 'REFUSED',
      count: 1,
      actorKind: 'USER',
      actorLabel: `${viewer.userId}@example.com`,
      parameters: { input: { name: 'mine', description: '[redacted]' } },
    },
  ]);
});

test('what is typed where it is refused is not on record, whatever the asker calls it', async () => {
  const viewer = await api.join('viewer');
  const { errors } = await viewer.client.answer(
    `mutation Type($x: String!) {
      writeHostTerminal(input: { serverId: "srv_1", terminalId: "trm_1", text: $x }) { terminalId }
    }`,
    { x: 'hunter2' },
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED' });
  await api.services.audit.flush();
  const refused = await api.platform.db.prisma.auditEvent.findMany({ where: { actorId: viewer.userId } });
  expect(refused.map(({ parameters }) => parameters)).toEqual([
    { input: { serverId: 'srv_1', terminalId: 'trm_1', text: '[7 characters]' } },
  ]);
});

test('who is refused for what was asked for, and not for the field, is on record too', async () => {
  const operator = await api.join('operator');
  const { id } = await api.platform.db.prisma.server.create({
    data: { id: newId('server'), name: 'web-1', permissionProfile: 'docker_manager' },
  });
  const update = 'mutation M($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }';
  const create = 'mutation M($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }';
  const answers = [
    await operator.client.answer(update, { input: { serverId: id, profile: 'FULL_ACCESS' } }),
    await operator.client.answer('{ apiTokens(filter: { everyone: true }) { nodes { id } } }'),
    await operator.client.answer(create, { input: { name: 'x', scopes: ['system:exec'] } }),
  ];
  expect(answers.map(({ errors }) => errors?.[0]?.extensions?.['code'])).toEqual(
    answers.map(() => 'PERMISSION_DENIED'),
  );
  await api.services.audit.flush();
  const refused = await api.platform.db.prisma.auditEvent.findMany({
    where: { actorId: operator.userId, outcome: 'refused' },
    orderBy: { action: 'asc' },
  });
  expect(refused.map(({ action }) => action)).toEqual([
    'mutation.updateServer',
    'query.apiTokens',
    'token.create',
  ]);
});

test('is not for everyone', async () => {
  const { client } = await api.join('viewer');
  const { errors } = await client.answer(find);
  expect(errors?.[0]?.extensions?.['code']).toBe('PERMISSION_DENIED');
});

test('numbers its events with ids that are not reused', async () => {
  const { client } = await api.join('admin');
  const { auditEvents } = await client.query<{ auditEvents: { nodes: { id: string }[] } }>(
    '{ auditEvents(first: 3) { nodes { id } } }',
  );
  for (const { id } of auditEvents.nodes) expect(id).toMatch(/^evt_\d+$/);
});

const verify = /* GraphQL */ `
  query Verify($since: AuditVerificationStart! = BEGINNING) {
    verifyAudit(since: $since) {
      intact
      checked
      waiting
      problemCount
      problems {
        kind
        eventId
        message
      }
    }
  }
`;

test('can be checked by whoever may read it, and says what somebody did to it', async () => {
  const { client } = await api.join('admin');
  await api.services.auditTrail.sealer.sealAll();
  expect(await client.query(verify)).toMatchObject({ verifyAudit: { intact: true, problems: [] } });
  const event = await api.platform.db.prisma.auditEvent.findFirstOrThrow();
  await api.platform.db.prisma.auditEvent.update({ where: { id: event.id }, data: { actorLabel: 'nobody' } });
  expect(await client.query(verify, { since: 'BEGINNING' })).toMatchObject({
    verifyAudit: {
      intact: false,
      problemCount: 1,
      problems: [
        { kind: 'ALTERED', eventId: `evt_${event.id}`, message: 'An event is not what was recorded.' },
      ],
    },
  });
  await api.platform.db.prisma.auditEvent.update({
    where: { id: event.id },
    data: { actorLabel: event.actorLabel },
  });

  const { client: viewer } = await api.join('viewer');
  const { errors } = await viewer.answer(verify);
  expect(errors?.[0]?.extensions?.['code']).toBe('PERMISSION_DENIED');
});

test('is kept as long as an administrator says, which is on record', async () => {
  const { client, userId } = await api.join('admin');
  const set = /* GraphQL */ `
    mutation Set($input: SetAuditRetentionInput!) {
      setAuditRetention(input: $input) {
        days
      }
    }
  `;
  expect(await client.query('{ auditRetention { days } }')).toEqual({ auditRetention: { days: 365 } });
  expect(await client.query(set, { input: { days: 90 } })).toEqual({ setAuditRetention: { days: 90 } });
  expect(await client.query(set, { input: {} })).toEqual({ setAuditRetention: { days: null } });
  expect(await client.query('{ auditRetention { days } }')).toEqual({ auditRetention: { days: null } });
  const { auditEvents } = await client.query<Found>(find, { filter: { actorId: userId } });
  expect(auditEvents.nodes).toMatchObject([
    { action: 'audit.setRetention', parameters: { before: 90, days: null } },
    { action: 'audit.setRetention', parameters: { before: 365, days: 90 } },
  ]);

  for (const days of [29, 0, -1, 100_000]) {
    const { errors } = await client.answer(set, { input: { days } });
    expect(errors?.[0]?.extensions?.['code']).toBe('INPUT_INVALID');
  }
  const { client: operator } = await api.join('operator');
  const { errors } = await operator.answer(set, { input: { days: 90 } });
  expect(errors?.[0]?.extensions?.['code']).toBe('PERMISSION_DENIED');
});
