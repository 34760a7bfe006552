import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { accessWorld, codeOf } from '../access/testing.ts';

const { api, boss: admin, addServer, addGroup, move, limited, grant, program } = await accessWorld();
afterAll(() => api[Symbol.asyncDispose]());

let [mine, other] = ['', ''];
beforeAll(async () => {
  [mine, other] = [await addServer('mine'), await addServer('other')];
});

interface Answered {
  readonly id: string;
  readonly name: string;
}

const makeDocument =
  'mutation C($input: CreateSecretInput!) { createSecret(input: $input) { secret { id name version } } }';
const changeDocument =
  'mutation U($input: UpdateSecretInput!) { updateSecret(input: $input) { secret { id version } } }';
const create = (name: string, value: string, places: object = { everywhere: true }, client = admin.client) =>
  client.answer<{ createSecret: { secret: Answered } }>(makeDocument, { input: { name, value, places } });
const made = async (...given: Parameters<typeof create>): Promise<string> => {
  const answer = await create(...given);
  return answer.data?.createSecret.secret.id ?? `not made: ${JSON.stringify(answer.errors)}`;
};
const change = (secretId: string, input: object, client = admin.client) =>
  client.answer(changeDocument, { input: { secretId, ...input } });
const remove = (secretId: string, client = admin.client) =>
  client.answer(
    'mutation D($input: DeleteSecretInput!) { deleteSecret(input: $input) { deletedSecretId } }',
    {
      input: { secretId },
    },
  );
const valueOn = async (serverId: string, name: string): Promise<string | undefined> =>
  (
    await api.services.secrets.values([name], {
      serverId,
      actor: { kind: 'system', label: 'a test' },
      purpose: 'container.create',
    })
  )[0]?.value;
const namesSeenBy = async (client: TestClient): Promise<string[]> =>
  (await client.query<{ secrets: Answered[] }>('{ secrets { id name } }')).secrets.map(({ name }) => name);

test('a value is in no answer, no record and no column as it is, and neither is one that was refused', async () => {
  const secret = 'hunter2-hunter2';
  const id = await made('kept', secret);
  const answers = [
    await change(id, { value: `${secret}-new`, description: 'For the database' }),
    await admin.client.query('{ secrets { id name description version createdAt updatedAt usedAt } }'),
    await create('kept', secret),
    await create('a b', secret),
  ];
  const viewer = await api.join('viewer');
  expect(codeOf(await create('denied', secret, { everywhere: true }, viewer.client))).toBe(
    'PERMISSION_DENIED',
  );
  expect(codeOf(await change(id, { value: secret }, viewer.client))).toBe('PERMISSION_DENIED');
  expect(await valueOn(mine, 'kept')).toBe(`${secret}-new`);
  const { prisma } = api.platform.db;
  const rows = await prisma.secret.findMany();
  const events = await prisma.auditEvent.findMany();
  const actions = events.map(({ action }) => action);
  for (const action of ['secret.create', 'secret.update', 'secret.hand-over', 'mutation.createSecret'])
    expect(actions).toContain(action);
  const stored = rows.map(({ sealedValue }) => Buffer.from(sealedValue).toString('latin1'));
  const everything = JSON.stringify([answers, rows, events], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(everything + stored.join()).not.toContain(secret);
});

test('a value that was moved to another name in the database does not open', async () => {
  const id = await made('moved', 'one');
  await api.platform.db.prisma.secret.update({
    where: { id },
    data: { name: 'thief', everywhereName: 'thief' },
  });
  await expect(valueOn(mine, 'thief')).rejects.toThrow(/cannot be opened/);
});

describe('secrets with one name', () => {
  test('are found from the nearest place: the server, its groups from within, every server', async () => {
    const outer = await addGroup('outer');
    const inner = await addGroup('inner', outer);
    await move([mine], inner);
    const ids = [
      await made('near', 'everywhere'),
      await made('near', 'outer', { groupIds: [outer] }),
      await made('near', 'inner', { groupIds: [inner] }),
      await made('near', 'server', { serverIds: [mine] }),
    ];
    for (const expected of ['server', 'inner', 'outer', 'everywhere']) {
      expect(await valueOn(mine, 'near')).toBe(expected);
      await remove(ids.pop() ?? '');
    }
    await expect(valueOn(mine, 'near')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { secret: 'near' },
    });
    await move([mine], null);
  });

  test('are one for each place', async () => {
    const first = await made('taken', 'a', { serverIds: [mine] });
    const second = await made('taken', 'b', { serverIds: [other] });
    expect(codeOf(await create('taken', 'c', { serverIds: [mine, other] }))).toBe('CONFLICT');
    expect(codeOf(await change(second, { places: { serverIds: [mine] } }))).toBe('CONFLICT');
    expect(await valueOn(other, 'taken')).toBe('b');
    await made('taken', 'd');
    expect(codeOf(await create('taken', 'e'))).toBe('CONFLICT');
    await remove(first);
    expect(await valueOn(mine, 'taken')).toBe('d');
  });
});

test('a server is moved to where a secret goes by those only who say where it goes', async () => {
  const group = await addGroup('with a secret');
  await made('moved-to', 'x', { groupIds: [group] });
  const mover = await program(admin, { scopes: ['servers:read', 'servers:write', 'secrets:use'] });
  expect(codeOf(await move([other], group, mover))).toBe('PERMISSION_DENIED');
  await expect(valueOn(other, 'moved-to')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await move([other], group);
  expect(await valueOn(other, 'moved-to')).toBe('x');
  await move([other], null);
});

test.each(['', 'a b', '../x', '.x', 'a/b', 'a'.repeat(65)])('%j is no name', async (name) => {
  expect(codeOf(await create(name, 'x'))).toBe('INPUT_INVALID');
});

test.each(['', 'a\0b', 'x'.repeat(65_537)])('not every text is a value', async (value) => {
  expect(codeOf(await create('text', value))).toBe('INPUT_INVALID');
});

test('a viewer sees none and an operator changes none', async () => {
  const id = await made('held', 'x');
  const [viewer, operator] = [await api.join('viewer'), await api.join('operator')];
  expect(codeOf(await viewer.client.answer('{ secrets { name } }'))).toBe('PERMISSION_DENIED');
  expect(await namesSeenBy(operator.client)).toContain('held');
  for (const { client } of [viewer, operator]) {
    expect(codeOf(await create('denied', 'x', { everywhere: true }, client))).toBe('PERMISSION_DENIED');
    expect(codeOf(await change(id, { value: 'y' }, client))).toBe('PERMISSION_DENIED');
    expect(codeOf(await remove(id, client))).toBe('PERMISSION_DENIED');
  }
  const writer = await program(admin, { scopes: ['secrets:write'] });
  expect(codeOf(await change(id, { places: { serverIds: [mine] } }, writer))).toBe('PERMISSION_DENIED');
  expect(await valueOn(mine, 'held')).toBe('x');
});

test('a viewer puts none into a container, and neither does who may make containers alone', async () => {
  await made('wanted', 'x');
  const input = {
    serverId: mine,
    spec: { image: 'app', secretVariables: [{ name: 'A', secret: 'wanted' }] },
  };
  const document =
    'mutation C($input: CreateContainerInput!) { createContainer(input: $input) { job { id } } }';
  const viewer = await api.join('viewer');
  const maker = await program(admin, { scopes: ['docker:containers:*'] });
  for (const client of [viewer.client, maker]) {
    expect(codeOf(await client.answer(document, { input }))).toBe('PERMISSION_DENIED');
  }
  expect(codeOf(await admin.client.answer(document, { input }))).toBe('AGENT_OFFLINE');
});

test('values of another container are kept only for those who may run commands there', async () => {
  const keep = { containerId: 'web', names: ['DB_PASSWORD'] };
  const input = { serverId: mine, spec: { image: 'app' }, keep };
  const document =
    'mutation C($input: CreateContainerInput!) { createContainer(input: $input) { job { id } } }';
  const maker = await program(admin, { scopes: ['docker:containers:write'] });
  expect(codeOf(await maker.answer(document, { input }))).toBe('PERMISSION_DENIED');
  const both = await program(admin, { scopes: ['docker:containers:write', 'docker:containers:exec'] });
  expect(codeOf(await both.answer(document, { input }))).toBe('AGENT_OFFLINE');
});

test('which containers use them is found out once, however many secrets are asked for', async () => {
  await made('used-1', 'x');
  await made('used-2', 'x');
  const users = vi.spyOn(api.services.secrets, 'users');
  const { secrets } = await admin.client.query<{ secrets: { name: string; usedBy: object[] }[] }>(
    '{ secrets { name usedBy { containerId } } }',
  );
  expect(secrets).toEqual(expect.arrayContaining([{ name: 'used-1', usedBy: [] }]));
  expect(users).toHaveBeenCalledTimes(1);
  users.mockRestore();
});

test('somebody limited to some servers is told of those that these get, and of no others', async () => {
  const hidden = await addServer('hidden');
  await made('seen', 'x', { serverIds: [hidden, mine] });
  await made('unseen', 'x', { serverIds: [hidden] });
  const person = await limited('operator');
  await grant(person, { serverId: mine });
  const { secrets } = await person.client.query<{ secrets: (Answered & { serverIds: string[] })[] }>(
    '{ secrets { name serverIds } }',
  );
  expect(secrets).toContainEqual({ name: 'seen', serverIds: [mine] });
  expect(secrets.map(({ name }) => name)).not.toContain('unseen');
});
