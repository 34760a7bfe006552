import { isNonNullType, isObjectType } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  agentScopes,
  controlScopes,
  expand,
  isScope,
  roles,
  roleScopes,
  type Role,
  type Scope,
} from '@serverkit/wire/scopes.ts';
import type { TestClient } from '../../../testing/graphql-client.ts';
import { dig } from '../live/testing.ts';
import { addServer } from '../metrics/testing.ts';
import { schema } from '../schema.ts';
import { documentOf, fieldsOf, fittingValue, type Field } from './testing-documents.ts';
import { testApi, type TestApi } from './testing.ts';

const allScopes: readonly Scope[] = [...agentScopes, ...controlScopes];

/** What wants more than the scope of its field by its arguments: all that the role holds that is given. */
const asksMore = new Set([
  'createRegistry',
  'createSecret',
  'downStack',
  'inviteUser',
  'removeContainer',
  'removeStack',
]);

let api: TestApi;
let program: TestClient;
let tokenId = '';
let [serverId, otherId] = ['', ''];
const people = new Map<Role, TestClient>();

beforeAll(async () => {
  api = await testApi();
  for (const role of roles) people.set(role, (await api.join(role)).client);
  const made = await people
    .get('admin')
    ?.query<{ createApiToken: { secret: string; token: { id: string } } }>(
      'mutation { createApiToken(input: { name: "matrix", scopes: ["servers:read"] }) { secret token { id } } }',
    );
  tokenId = made?.createApiToken.token.id ?? '';
  program = api.stranger.with({ token: made?.createApiToken.secret ?? '', origin: null });
  otherId = (await addServer(api.platform.db)).id;
});
// The one before may have deleted it.
beforeEach(async () => {
  serverId = (await addServer(api.platform.db)).id;
});
afterAll(() => api[Symbol.asyncDispose]());

/** From now on the program holds these, on these servers only if any are named. */
const hold = (scopes: readonly Scope[], serverIds: string[] = []) =>
  api.platform.db.prisma.apiToken.update({
    where: { id: tokenId },
    data: { scopes: [...scopes], serverIds },
  });

interface Asked {
  readonly kind: string;
  readonly field: Field;
  readonly inside?: (text: string) => string;
}

/** The code of what was answered; undefined when nothing was wrong. */
async function codeOf(client: TestClient | undefined, { kind, field, inside }: Asked): Promise<unknown> {
  const least = { serverId, least: true };
  const given = field.args.filter(({ type }) => isNonNullType(type));
  const variables = Object.fromEntries(
    given.map(({ name, type }) => [name, fittingValue(name, type, least)]),
  );
  const document = documentOf(kind, field, { depth: -1, ...(inside && { inside }) });
  const answer = await client?.answer(document, variables);
  const codes = answer?.errors?.map((error) => dig(error, 'extensions', 'code')) ?? [];
  // The text of a document that is not even valid would pass for one that is let through.
  expect(codes).not.toContain('QUERY_INVALID');
  return codes[0];
}

const rows = [
  ...fieldsOf(schema.getQueryType()).map((field) => ({ kind: 'query', field })),
  ...fieldsOf(schema.getMutationType()).map((field) => ({ kind: 'mutation', field })),
].flatMap((row) => {
  const { access, on } = row.field.extensions.serverkit ?? {};
  return access !== undefined && isScope(access)
    ? [{ ...row, name: row.field.name, scope: access, onServer: typeof on === 'function' }]
    : [];
});

const serverType = schema.getType('Server');
const fieldsOfServer = (isObjectType(serverType) ? fieldsOf(serverType) : []).flatMap((field) => {
  const { access } = field.extensions.serverkit ?? {};
  return access !== undefined && isScope(access) ? [{ name: field.name, field, scope: access }] : [];
});

describe.each(rows)('over HTTP, $kind $name', ({ scope, ...asked }) => {
  test(`wants ${scope}, and nothing else`, async () => {
    await hold(allScopes.filter((one) => one !== scope));
    expect(await codeOf(program, asked)).toBe('PERMISSION_DENIED');
    await hold([scope]);
    const code = await codeOf(program, asked);
    if (asksMore.has(asked.name)) expect(code).toBe('PERMISSION_DENIED');
    else expect(['PERMISSION_DENIED', 'UNAUTHENTICATED']).not.toContain(code);
  });

  test('answers each role as it should', async () => {
    for (const role of roles) {
      const code = await codeOf(people.get(role), asked);
      const held = expand(roleScopes[role]).includes(scope);
      expect({ role, denied: code === 'PERMISSION_DENIED' }).toEqual({ role, denied: !held });
    }
  });

  test('is for nobody who shows nothing', async () => {
    expect(await codeOf(api.stranger, asked)).toBe('UNAUTHENTICATED');
  });
});

test.each(rows.filter(({ onServer }) => onServer))(
  'over HTTP, $kind $name is not there for who holds everything, and on another server',
  async (asked) => {
    await hold(allScopes, [otherId]);
    expect(['NOT_FOUND', 'PERMISSION_DENIED']).toContain(await codeOf(program, asked));
  },
);

test.each(fieldsOfServer)('over HTTP, Server.$name wants $scope besides', async ({ field, scope }) => {
  const asked: Asked = { kind: 'query', field, inside: (text) => `server(id: "${serverId}") { ${text} }` };
  await hold(['servers:read']);
  expect(await codeOf(program, asked)).toBe(scope === 'servers:read' ? undefined : 'PERMISSION_DENIED');
  await hold(['servers:read', scope]);
  expect(await codeOf(program, asked)).not.toBe('PERMISSION_DENIED');
});
