import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf } from '../access/testing.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';

let api: TestApi;
let admin: TestPerson;
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());

interface Answered {
  readonly id: string;
  readonly host: string;
  readonly username: string;
}

const create = async (host: string, password = 'correct horse', person = admin) =>
  person.client.answer<{ createRegistry: { registry: Answered } }>(
    'mutation C($input: CreateRegistryInput!) { createRegistry(input: $input) { registry { id host username } } }',
    { input: { host, username: 'ada', password } },
  );
const idOf = async (host: string): Promise<string> =>
  (await create(host)).data?.createRegistry.registry.id ?? '';

test('credentials are found by the host of a reference, whatever case and name it was given in', async () => {
  await create('Index.Docker.io', 'hub');
  await create('Registry.Example:5000', 'own');
  const { registries } = api.services;
  const auth = { username: 'ada' };
  expect(await registries.authFor('registry.example:5000/team/app:1')).toEqual({
    ...auth,
    password: 'own',
    serverAddress: 'registry.example:5000',
  });
  for (const reference of ['nginx', 'team/app:1', 'docker.io/library/nginx']) {
    expect(await registries.authFor(reference)).toEqual({
      ...auth,
      password: 'hub',
      serverAddress: 'https://index.docker.io/v1/',
    });
  }
  expect(await registries.authFor('registry.example/team/app')).toBeNull();
  expect(await registries.authFor('not a reference')).toBeNull();
});

test('the password is in no answer, no record and no column as it is', async () => {
  const secret = 'hunter2-hunter2';
  const made = await create('secret.example', secret);
  const update = await admin.client.answer(
    'mutation U($input: UpdateRegistryInput!) { updateRegistry(input: $input) { registry { id host username updatedAt } } }',
    {
      input: {
        registryId: made.data?.createRegistry.registry.id,
        username: 'bob',
        password: `${secret}-new`,
      },
    },
  );
  const list = await admin.client.query('{ registries { id host username createdAt updatedAt } }');
  const { prisma } = api.platform.db;
  const rows = await prisma.registry.findMany();
  const events = await prisma.auditEvent.findMany({ where: { targetKind: 'registry' } });
  expect(events.map(({ action }) => action)).toContain('registry.update');
  const stored = rows.map(({ sealedPassword }) => Buffer.from(sealedPassword).toString('latin1'));
  const everything = JSON.stringify([made, update, list, rows, events], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(everything + stored.join()).not.toContain(secret);
  expect(await api.services.registries.authFor('secret.example/app')).toMatchObject({
    username: 'bob',
    password: `${secret}-new`,
  });
});

test('a password that was moved to another host in the database does not open', async () => {
  const id = await idOf('moved.example');
  await api.platform.db.prisma.registry.update({ where: { id }, data: { host: 'thief.example' } });
  await expect(api.services.registries.authFor('thief.example/app')).rejects.toThrow(/cannot be opened/);
});

test('there is one for each host, and none after it was deleted', async () => {
  const id = await idOf('once.example');
  expect(codeOf(await create('ONCE.example'))).toBe('CONFLICT');
  const remove = `mutation { deleteRegistry(input: { registryId: "${id}" }) { deletedRegistryId } }`;
  expect(await admin.client.query(remove)).toEqual({ deleteRegistry: { deletedRegistryId: id } });
  expect(codeOf(await admin.client.answer(remove))).toBe('NOT_FOUND');
  expect(await api.services.registries.authFor('once.example/app')).toBeNull();
});

test.each(['https://ghcr.io', 'ghcr.io/team', 'a b', '', 'user@host', '../x'])(
  '%j is no host',
  async (host) => {
    expect(codeOf(await create(host))).toBe('INPUT_INVALID');
  },
);

test('those who only look, and operators, keep none', async () => {
  for (const role of ['viewer', 'operator'] as const) {
    const person = await api.join(role);
    expect(codeOf(await create('denied.example', 'x', person))).toBe('PERMISSION_DENIED');
    expect(await person.client.query('{ registries { host } }')).toBeDefined();
  }
});

test('a sign-in from long ago is asked for its password again', async () => {
  await api.platform.db.prisma.session.update({
    where: { id: admin.sessionId },
    data: { freshAt: new Date(Date.now() - 3_600_000) },
  });
  expect(codeOf(await create('stale.example'))).toBe('FRESH_SIGN_IN_REQUIRED');
});
