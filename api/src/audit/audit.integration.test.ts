import { afterAll, beforeAll, expect, test } from 'vitest';
import { testApi, type TestApi } from '../graphql/testing.ts';

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
  for (const action of ['thing.make', 'thing.break', 'things.other'])
    await record(action, { serverId: 'srv_1' });
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
  expect(await actions({ outcome: 'FAILED' })).toEqual(['thing.fail']);
  expect(await actions({ action: 'thing', from: new Date(Date.now() + 60_000) })).toEqual([]);
  expect(await actions({ action: 'thing', to: new Date(Date.now() + 60_000) })).toHaveLength(3);

  const first = await client.query<Found>(find, { first: 2, filter: { action: 'thing' } });
  const { hasNextPage, endCursor } = first.auditEvents.pageInfo;
  expect(hasNextPage).toBe(true);
  const second = await client.query<Found>(find, { first: 2, after: endCursor, filter: { action: 'thing' } });
  expect(second.auditEvents.nodes.map(({ action }) => action)).toEqual(['thing.make']);
});

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
