import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { newId } from '../ids.ts';

let api: TestApi;
let admin: TestClient;
const serverIds: string[] = [];
beforeAll(async () => {
  api = await testApi();
  admin = (await api.join('admin')).client;
  serverIds.push(...Array.from({ length: 40 }, () => newId('server')));
  await api.platform.db.prisma.server.createMany({
    data: serverIds.map((id) => ({ id, name: id, permissionProfile: 'docker_manager' })),
  });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => api[Symbol.asyncDispose]());

interface Result {
  readonly target: string;
  readonly ok: boolean;
  readonly error: { readonly code: string } | null;
}

/** A change of forty servers of which as many as run at once are under way, and the rest waits for its turn. */
async function halfWay({ client }: TestPerson) {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const begun: string[] = [];
  const update = api.services.servers.update.bind(api.services.servers);
  vi.spyOn(api.services.servers, 'update').mockImplementation(async (id, ...rest) => {
    begun.push(id);
    await goOn;
    return update(id, ...rest);
  });
  const results = client
    .query<{ bulkServers: Result[] }>(
      'mutation M($input: BulkServersInput!) { bulkServers(input: $input) { target ok error { code } } }',
      { input: { action: 'BEGIN_MAINTENANCE', serverIds } },
    )
    .then(({ bulkServers }) => bulkServers);
  await vi.waitFor(() => expect(begun).toHaveLength(32));
  return { goOn: resolve, results, begun };
}

const codes = (results: readonly Result[]) => results.flatMap(({ error }) => error?.code ?? []);

test('what of a bulk has not begun is not begun for someone who was locked out meanwhile', async () => {
  const person = await api.join('operator');
  const { goOn, results, begun } = await halfWay(person);
  await admin.query(
    'mutation M($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { user { id } } }',
    {
      input: { userId: person.userId, disabled: true },
    },
  );
  goOn();
  expect(codes(await results)).toEqual(Array.from({ length: 8 }, () => 'UNAUTHENTICATED'));
  expect(begun).toHaveLength(32);
});

test('nor with rights that were taken away meanwhile', async () => {
  const person = await api.join('operator');
  const { goOn, results, begun } = await halfWay(person);
  await admin.query('mutation M($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }', {
    input: { userId: person.userId, role: 'VIEWER' },
  });
  goOn();
  expect(codes(await results)).toEqual(Array.from({ length: 8 }, () => 'PERMISSION_DENIED'));
  expect(begun).toHaveLength(32);
});
