import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, TestClient } from '../../../testing/graphql-client.ts';
import { testApi, type TestApi } from '../graphql/testing.ts';

const outcome = ({ errors }: Answer<unknown>): unknown => errors?.[0]?.extensions?.['code'] ?? 'ok';

/** The same thing so many times at once, as from a button that is hit again and again. */
const atOnce = 8;

describe('the same thing many times at once', () => {
  let api: TestApi;
  let admin: TestClient;
  beforeAll(async () => {
    api = await testApi();
    admin = (await api.join('admin')).client;
  });
  afterAll(() => api[Symbol.asyncDispose]());

  async function together(document: string, input: (n: number) => object): Promise<unknown[]> {
    const tries = Array.from({ length: atOnce }, (_, n) => admin.answer(document, { input: input(n) }));
    return (await Promise.all(tries)).map(outcome).toSorted((a, b) => String(a).localeCompare(String(b)));
  }

  const once = (others: string): unknown[] => [...Array.from({ length: atOnce - 1 }, () => others), 'ok'];

  let count = 0;
  async function addServer(): Promise<string> {
    const { createServer } = await admin.query<{ createServer: { server: { id: string } } }>(create, {
      input: { name: `race ${(count += 1)}` },
    });
    return createServer.server.id;
  }
  const create = /* GraphQL */ `
    mutation ($input: CreateServerInput!) {
      createServer(input: $input) {
        server {
          id
        }
      }
    }
  `;

  test('adds one server of a name, however it is written', async () => {
    const name = (n: number) => (n % 2 === 0 ? 'Twin' : 'TWIN');
    expect(await together(create, (n) => ({ name: name(n) }))).toEqual(once('CONFLICT'));
  });

  test('gives one server a name', async () => {
    const ids = await Promise.all(Array.from({ length: atOnce }, addServer));
    const update = 'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }';
    const outcomes = await together(update, (n) => ({ serverId: ids[n], name: 'the one' }));
    expect(outcomes).toEqual(once('CONFLICT'));
  });

  test('deletes a server once', async () => {
    const serverId = await addServer();
    const remove =
      'mutation ($input: DeleteServerInput!) { deleteServer(input: $input) { deletedServerId } }';
    expect(await together(remove, () => ({ serverId }))).toEqual(once('NOT_FOUND'));
  });

  test('leaves one invitation that is good', async () => {
    const serverId = await addServer();
    const invite = /* GraphQL */ `
      mutation ($input: RegenerateRegistrationTokenInput!) {
        regenerateRegistrationToken(input: $input) {
          registrationToken
        }
      }
    `;
    expect(new Set(await together(invite, () => ({ serverId })))).toEqual(new Set(['ok']));
    const good = { serverId, revokedAt: null, usedAt: null };
    expect(await api.platform.db.prisma.registrationToken.count({ where: good })).toBe(1);
  });

  test('leaves no invitation that is good when the agent is revoked meanwhile', async () => {
    const serverId = await addServer();
    const revoke = 'mutation ($input: RevokeAgentInput!) { revokeAgent(input: $input) { server { id } } }';
    expect(new Set(await together(revoke, () => ({ serverId })))).toEqual(new Set(['ok']));
    const good = { serverId, revokedAt: null, usedAt: null };
    expect(await api.platform.db.prisma.registrationToken.count({ where: good })).toBe(0);
  });

  test('ends a session once', async () => {
    const { sessionId, client } = await api.join('viewer');
    const end =
      'mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { revokedSessionId } }';
    const answers = await Promise.all(
      Array.from({ length: atOnce }, () => client.answer(end, { input: { sessionId } })),
    );
    // Those that come after the session's end are of nobody.
    const told = answers.map(outcome);
    expect(told.filter((one) => one === 'ok')).toHaveLength(1);
    expect(told.filter((one) => !['ok', 'NOT_FOUND', 'UNAUTHENTICATED'].includes(String(one)))).toEqual([]);
  });
});
