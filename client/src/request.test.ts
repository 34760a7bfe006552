import { parse } from 'graphql';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { expect, expectTypeOf, test } from 'vitest';
import { ServerDocument, ServersDocument } from './generated/operations.ts';
import { createClient } from './node.ts';
import { ServerKitApiError, ServerKitConnectionError } from './errors.ts';
import { testApi } from './testing.ts';

const page = { totalCount: 0, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] };

/** What a promise is rejected with. */
const failure = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    return error;
  }
};

test('an operation is sent with its variables and the token, and answered with its data', async () => {
  await using api = await testApi();
  const client = createClient({ url: api.url, token: 'sk_test' });
  const requests: unknown[] = [];
  api.reply = ({ payload, headers }) => {
    requests.push([payload.variables, headers.authorization, headers['content-type']]);
    return { data: { servers: page } };
  };
  const { servers } = await client.request(ServersDocument, { first: 10 });
  expectTypeOf(servers.totalCount).toEqualTypeOf<number>();
  expect(servers).toEqual(page);
  expect(requests).toEqual([[{ first: 10 }, 'Bearer sk_test', 'application/json']]);
});

test('variables may be left out where none is needed, and are asked for where one is', async () => {
  await using api = await testApi();
  api.reply = () => ({ data: { server: null, servers: page } });
  const client = createClient({ url: api.url });
  expect(await client.request(ServersDocument)).toMatchObject({ servers: page });
  expect(await client.request(ServerDocument, { id: 'srv_1' })).toMatchObject({ server: null });
  // @ts-expect-error -- `id` is needed
  await client.request(ServerDocument);
  // @ts-expect-error -- `id` is text
  await client.request(ServerDocument, { id: 1 });
});

test('documents of another code generator, parsed ones and plain text serve too', async () => {
  await using api = await testApi();
  const texts: string[] = [];
  api.reply = ({ payload }) => {
    texts.push(payload.query.replaceAll(/\s+/g, ' '));
    return { data: { server: { name: 'web-1' } } };
  };
  const client = createClient({ url: api.url });
  const text = 'query Name($id: ID!) { server(id: $id) { ...N } } fragment N on Server { name }';
  const typed: TypedDocumentNode<{ server: { name: string } | null }, { id: string }> = parse(text);
  const { server } = await client.request(typed, { id: 'srv_1' });
  expectTypeOf(server).toEqualTypeOf<{ name: string } | null>();
  expectTypeOf(await client.request(text, { id: 'srv_1' })).toBeUnknown();
  expect(texts).toEqual([text, text]);
});

test('a token that is fetched is fetched for each request', async () => {
  await using api = await testApi();
  const seen: unknown[] = [];
  api.reply = ({ headers }) => {
    seen.push(headers.authorization);
    return { data: {} };
  };
  let count = 0;
  const client = createClient({ url: api.url, token: () => Promise.resolve(`sk_${++count}`) });
  await client.request('{ a }');
  await client.request('{ a }');
  expect(seen).toEqual(['Bearer sk_1', 'Bearer sk_2']);
});

test('an error carries its code, path and details, the others, and what the answer held besides', async () => {
  await using api = await testApi();
  api.reply = () => ({
    data: { server: { name: 'web-1', containers: null } },
    errors: [
      {
        message: 'web-1 is offline.',
        path: ['server', 'containers'],
        extensions: { code: 'AGENT_OFFLINE', serverName: 'web-1' },
      },
      { message: 'And more.', extensions: { code: 'A_CODE_OF_TOMORROW' } },
    ],
  });
  const client = createClient({ url: api.url });
  const error = await failure(client.request('{ server { name containers { id } } }'));
  expect(error).toBeInstanceOf(ServerKitApiError);
  expect(error).toMatchObject({
    message: 'web-1 is offline.',
    code: 'AGENT_OFFLINE',
    retryable: true,
    path: ['server', 'containers'],
    details: { serverName: 'web-1' },
    data: { server: { name: 'web-1' } },
    errors: [{ code: 'AGENT_OFFLINE' }, { code: 'A_CODE_OF_TOMORROW', retryable: false }],
  });
  const { data, errors } = await client.execute('{ server { name containers { id } } }');
  expect(data).toMatchObject({ server: { name: 'web-1' } });
  expect(errors.map(({ code }) => code)).toEqual(['AGENT_OFFLINE', 'A_CODE_OF_TOMORROW']);
});

test('what is no answer of ServerKit is told with its status and words', async () => {
  await using api = await testApi();
  const client = createClient({ url: api.url });
  api.reply = () => ({ status: 502, body: 'Bad Gateway\n<hr>nginx' });
  expect(await failure(client.request('{ a }'))).toMatchObject({
    code: 'BAD_ANSWER',
    retryable: true,
    message: expect.stringContaining('answered 502 (Bad Gateway)'),
  });
  api.reply = () => ({ status: 404, body: '{"hello": "world"}' });
  expect(await failure(client.request('{ a }'))).toMatchObject({ code: 'BAD_ANSWER', retryable: false });
  api.reply = () => ({ status: 400, body: '{"errors": [null, {"message": 1, "path": [{}]}]}' });
  expect(await failure(client.request('{ a }'))).toMatchObject({ code: 'INTERNAL', message: 'null' });
});

test('nobody there: one sentence with the address, worth another try', async () => {
  await using api = await testApi();
  const { url } = api;
  await api[Symbol.asyncDispose]();
  const error = await failure(createClient({ url }).request('{ a }'));
  expect(error).toBeInstanceOf(ServerKitConnectionError);
  expect(error).toMatchObject({
    code: 'CONNECTION_FAILED',
    retryable: true,
    message: `${new URL(url).host} cannot be reached (ECONNREFUSED). Check the address and that ServerKit runs.`,
  });
});

test('no answer in time, a signal, and closing the client each end a request', async () => {
  await using api = await testApi();
  const { promise: never, resolve: goOn } = Promise.withResolvers<{ data: unknown }>();
  api.reply = () => never;
  const client = createClient({ url: api.url, timeoutMs: 20 });
  expect(await failure(client.request('{ a }'))).toMatchObject({ code: 'TIMEOUT' });

  const patient = createClient({ url: api.url });
  const reason = new Error('enough');
  expect(await failure(patient.request('{ a }', {}, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  const pending = patient.request('{ a }');
  patient.close();
  expect(await failure(pending)).toMatchObject({ name: 'AbortError' });
  goOn({ data: {} });
});

test('a failure to fetch the token is thrown as it is', async () => {
  const reason = new Error('the vault is closed');
  await using api = await testApi();
  const client = createClient({ url: api.url, token: () => Promise.reject(reason) });
  expect(await failure(client.request('{ a }'))).toBe(reason);
  expect(await failure(client.subscribe('subscription { a }').next())).toBe(reason);
});

test('a token does not go to another machine in the clear', () => {
  expect(() => createClient({ url: 'http://serverkit.example.com', token: 'sk_x' })).toThrow(/in the clear/);
  expect(() => createClient({ url: 'ftp://serverkit.example.com' })).toThrow(/not an address/);
  expect(createClient({ url: 'http://10.0.0.1', token: 'sk_x', insecure: true })).toBeDefined();
  expect(createClient({ url: 'http://localhost:4000', token: 'sk_x' })).toBeDefined();
  expect(createClient({ url: 'http://[::1]:4000', token: 'sk_x' })).toBeDefined();
});
