import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiToken } from '../../../testing/api-token.ts';
import { within } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import { rawSocket, subscribeMessage } from '../live/testing.ts';
import { testApi, type TestApi, type TestPerson } from './testing.ts';

const tool = 'https://tool.example';
const body = JSON.stringify({ query: '{ servers { totalCount } }' });

let api: TestApi;
let admin: TestPerson;
let secret: string;
beforeAll(async () => {
  api = await testApi({ env: { SERVERKIT_CORS_ORIGINS: tool } });
  admin = await api.join('admin');
  ({ secret } = await apiToken(admin.client, 'servers:read'));
});
afterAll(() => api[Symbol.asyncDispose]());

const cors = (headers: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

const preflight = (origin: string) =>
  http(new URL('/graphql', api.url), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
      'sec-fetch-site': 'cross-site',
    },
  });

/** As a page of another site sends it. */
const from = (origin: string) =>
  api.stranger.with({ origin, token: secret, headers: { 'sec-fetch-site': 'cross-site' } });

describe('a page that SERVERKIT_CORS_ORIGINS lists', () => {
  test('may ask with a token, and read the answer', async () => {
    const asked = await preflight(tool);
    expect(asked.status).toBe(204);
    expect(cors(asked.headers)).toEqual({
      'access-control-allow-origin': tool,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-expose-headers': 'retry-after',
      'access-control-max-age': '600',
    });
    const { status, headers } = await from(tool).post(body);
    expect(status).toBe(200);
    expect(headers.vary).toContain('origin');
    expect(cors(headers)).toEqual({
      'access-control-allow-origin': tool,
      'access-control-expose-headers': 'retry-after',
    });
  });

  test('may read why it was refused', async () => {
    const { status, headers } = await from(tool)
      .with({ token: `${secret}x` })
      .post(body);
    expect(status).toBe(401);
    expect(cors(headers)).toHaveProperty('access-control-allow-origin', tool);
  });

  test.each([
    ['nothing', () => ({})],
    ['a session', () => ({ session: admin.client.session })],
    [
      "a token and a browser's cookie",
      () => ({ token: secret, session: { cookie: admin.client.session.cookie ?? '' } }),
    ],
  ])('is refused with %s', async (_what, credentials) => {
    const client = api.stranger.with({ origin: tool, ...credentials() });
    const { status, body: answer } = await client.post(body);
    expect(status).toBe(403);
    expect(answer).toContain('ORIGIN_REFUSED');
  });

  test('subscribes with a token, whatever cookie the browser adds', async () => {
    using socket = await rawSocket(api.url, { client: admin.client, init: false, headers: { origin: tool } });
    socket.send({ type: 'connection_init', payload: { token: secret } });
    await socket.next(({ type }) => type === 'connection_ack');
    socket.send(subscribeMessage('1', '{ viewer { scopes session { id } } }'));
    const { payload } = await socket.next(({ type }) => type === 'next');
    expect(payload).toEqual({ data: { viewer: { scopes: ['servers:read'], session: null } } });
  });

  test('gets no socket with a session, nor as a stranger', async () => {
    for (const payload of [{ session: admin.client.session.proof }, undefined]) {
      using socket = await rawSocket(api.url, {
        client: admin.client,
        init: false,
        headers: { origin: tool },
      });
      socket.send({ type: 'connection_init', payload });
      expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
    }
  });
});

describe('a page of any other origin', () => {
  test.each(['https://tool.example:8443', 'http://tool.example', 'https://a.tool.example', 'null'])(
    'is told nothing: %s',
    async (origin) => {
      const asked = await preflight(origin);
      expect(asked.status).toBe(405);
      expect(cors(asked.headers)).toEqual({});
      expect(cors((await from(origin).post(body)).headers)).toEqual({});
      await expect(rawSocket(api.url, { headers: { origin } })).rejects.toThrow('403');
    },
  );
});
