import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { ServerKitError } from '../errors.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { newId } from '../ids.ts';

let api: TestApi;
let admin: TestClient;
const serverId = newId('server');
beforeAll(async () => {
  api = await testApi();
  admin = (await api.join('admin')).client;
  await api.platform.db.prisma.server.create({
    data: { id: serverId, name: 'web-1', permissionProfile: 'docker_manager' },
  });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => api[Symbol.asyncDispose]());

interface Result {
  readonly error: { readonly code: string } | null;
}

/** Six containers of one server are stopped, of which four are under way; the rest waits for its turn. */
async function halfWay({ client }: TestPerson) {
  const { promise: stopped, resolve: goOn } = Promise.withResolvers<never>();
  const act = vi.spyOn(api.services.containers, 'act').mockImplementation(() => stopped);
  const targets = Array.from({ length: 6 }, (_, n) => ({ serverId, containerId: `web${n}` }));
  const answer = client.query<{ bulkContainers: Result[] }>(
    'mutation M($input: BulkContainersInput!) { bulkContainers(input: $input) { error { code } } }',
    { input: { action: 'STOP', targets } },
  );
  await eventually(() => act.mock.calls.length === 4, 'four to be under way');
  return async (): Promise<unknown[]> => {
    goOn(Promise.reject(new ServerKitError('AGENT_OFFLINE', 'It went away.')));
    const { bulkContainers } = await answer;
    expect(act).toHaveBeenCalledTimes(4);
    return bulkContainers.map(({ error }) => error?.code);
  };
}

const four = Array.from({ length: 4 }, () => 'AGENT_OFFLINE');

test('what of a bulk has not begun is not begun for someone who was locked out meanwhile', async () => {
  const person = await api.join('operator');
  const end = await halfWay(person);
  await admin.query(
    'mutation M($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id } } }',
    { input: { userId: person.userId, disabled: true } },
  );
  expect(await end()).toEqual([...four, 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
});

test('nor with rights that were taken away meanwhile', async () => {
  const person = await api.join('operator');
  const end = await halfWay(person);
  await admin.query('mutation M($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }', {
    input: { userId: person.userId, role: 'VIEWER' },
  });
  expect(await end()).toEqual([...four, 'PERMISSION_DENIED', 'PERMISSION_DENIED']);
});
