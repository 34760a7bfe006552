import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, within } from '../../../testing/events.ts';
import { http } from '../../../testing/http.ts';
import { testApi, type TestApi } from '../graphql/testing.ts';
import { limits } from '../graphql/limits.ts';
import { principalChanged } from '../identity/events.ts';
import { serverChanges } from '../servers/events.ts';
import { dig, rawSocket, subscribeMessage, type Message, type RawSocket } from './testing.ts';

const events = 'subscription { serverEvents { kind serverId } }';
const audit = 'subscription { containerEvents { kind serverId } }';

let api: TestApi;
beforeAll(async () => {
  api = await testApi({ recheckMs: 100 });
});
afterAll(() => api[Symbol.asyncDispose]());

/** Whatever a test did to its sockets, the process serves the next one. */
const stillServes = () => api.stranger.query('{ setupStatus { needed } }');
afterEach(stillServes);

const publish = (serverId = 'srv_x') =>
  api.services.topics.publish(serverChanges, { serverId, kind: 'UPDATED' });
const listening = () => eventually(() => api.services.topics.watched(serverChanges), 'someone to listen');
/**
 * What an operation hears first. It begins some time after it was asked for, and who listens already may be another one:
 * so events go out until this one has heard.
 */
async function heard(socket: RawSocket, id: string, serverId = 'srv_x'): Promise<Message> {
  const telling = setInterval(() => publish(serverId), 20);
  try {
    return await socket.next((message) => message.id === id, `${id} to hear`);
  } finally {
    clearInterval(telling);
  }
}
/** The code in an error message, or in a result that holds nothing but errors. */
const codeOf = ({ payload }: Message) =>
  dig(Array.isArray(payload) ? payload : dig(payload, 'errors'), 0, 'extensions', 'code');
const serverOf = ({ payload }: Message) => dig(payload, 'data', 'serverEvents', 'serverId');

describe('subscribing', () => {
  test('brings events until it is completed, and then nothing is left of it', async () => {
    const { client } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client });
    socket.send(subscribeMessage('1', events));
    await listening();
    publish();
    expect(await socket.next()).toEqual({
      id: '1',
      type: 'next',
      payload: { data: { serverEvents: { kind: 'UPDATED', serverId: 'srv_x' } } },
    });
    socket.send({ type: 'complete', id: '1' });
    await eventually(() => !api.services.topics.watched(serverChanges), 'the source to be closed');
  });

  test('with an id that was used before is a new operation', async () => {
    const { client } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client });
    for (let round = 0; round < 50; round++) {
      socket.send(subscribeMessage('same', events));
      socket.send({ type: 'complete', id: 'same' });
    }
    socket.send(subscribeMessage('same', events));
    // Those before have been completed by then, and hear nothing any more.
    socket.send({ type: 'ping' });
    await socket.next(({ type }) => type === 'pong');
    expect(await heard(socket, 'same', 'srv_again')).toMatchObject({
      id: 'same',
      payload: { data: { serverEvents: { serverId: 'srv_again' } } },
    });
  });

  test('and completing a silent source a thousand times leaves none open', async () => {
    const { client } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client });
    for (let n = 0; n < 1_000; n++) {
      socket.send(subscribeMessage(`${n}`, audit, n % 2 ? { unused: n } : {}));
      socket.send({ type: 'complete', id: `${n}` });
    }
    socket.send(subscribeMessage('last', events));
    expect(await heard(socket, 'last')).toMatchObject({ type: 'next' });
    socket.ws.close();
    await eventually(() => !api.services.topics.watched(serverChanges), 'all sources to be closed');
  });

  test('over HTTP is refused with where to go', async () => {
    const { client } = await api.join('viewer');
    const { errors } = await client.answer(events);
    expect(errors?.[0]?.message).toContain('WebSocket');
  });
});

describe('who may', () => {
  test('not a stranger, nor the cookie alone, nor a cookie and another proof', async () => {
    const { client } = await api.join('admin');
    for (const someone of [undefined, client.with({ session: { cookie: client.session.cookie ?? '' } })]) {
      using socket = await rawSocket(api.url, someone ? { client: someone } : {});
      socket.send(subscribeMessage('1', events));
      expect(codeOf(await socket.next())).toBe('UNAUTHENTICATED');
    }
    const other = await api.join('admin');
    const mixed = client.with({
      session: { cookie: client.session.cookie ?? '', proof: other.client.session.proof ?? '' },
    });
    using socket = await rawSocket(api.url, { client: mixed, init: false });
    socket.send({ type: 'connection_init', payload: { session: mixed.session.proof } });
    expect(await socket.closed).toMatchObject({ code: 4401 });
  });

  test('not a page of another origin or port, on either transport', async () => {
    const { client } = await api.join('admin');
    const port = new URL(api.url).port;
    for (const origin of [
      'https://evil.example',
      `http://127.0.0.1:${Number(port) + 1}`,
      `https://127.0.0.1:${port}`,
      'null',
    ]) {
      await expect(rawSocket(api.url, { client, headers: { origin } })).rejects.toThrow('403');
      const { status, body } = await client
        .with({ origin })
        .post(JSON.stringify({ query: '{ viewer { scopes } }' }));
      expect(status).toBe(403);
      expect(body).toContain('ORIGIN_REFUSED');
    }
    const neighbour = client.with({ origin: null, headers: { 'sec-fetch-site': 'same-site' } });
    expect((await neighbour.post('{}')).status).toBe(403);
  });

  test('nobody under a name that is not ours', async () => {
    const { client } = await api.join('admin');
    const headers = { host: 'evil.example', origin: 'http://evil.example' };
    await expect(rawSocket(api.url, { client, headers })).rejects.toThrow('421');
    expect((await client.with({ origin: null, headers }).post('{}')).status).toBe(421);
  });

  test('nobody with GET, a form or plain text, whatever cookies come along', async () => {
    const { client } = await api.join('admin');
    const headers = { cookie: client.session.cookie, 'x-serverkit-session': client.session.proof };
    const get = await http(`${api.url}/graphql?query=${encodeURIComponent('{ viewer { scopes } }')}`, {
      headers,
    });
    expect(get.status).toBe(405);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const { status } = await client.post('{"query":"{ viewer { scopes } }"}', { 'content-type': type });
      expect(status).toBe(415);
    }
  });

  test('programs without an Origin, with both halves', async () => {
    const { client } = await api.join('viewer');
    const { errors } = await client.with({ origin: null }).answer('{ viewer { scopes } }');
    expect(errors).toBeUndefined();
  });
});

describe('when rights change', () => {
  test('a session that is revoked loses its sockets at once, other sessions keep theirs', async () => {
    const mine = await api.join('viewer');
    const theirs = await api.join('viewer');
    using first = await rawSocket(api.url, { client: mine.client });
    using second = await rawSocket(api.url, { client: mine.client });
    using other = await rawSocket(api.url, { client: theirs.client });
    for (const socket of [first, second, other]) {
      socket.send(subscribeMessage('1', events));
      await heard(socket, '1');
    }
    await mine.client.query(
      `mutation { revokeSession(input: { sessionId: "${mine.sessionId}" }) { revokedSessionId } }`,
    );
    expect(await within(first.closed, 'the first to close')).toMatchObject({ code: 4401 });
    expect(await within(second.closed, 'the second to close')).toMatchObject({ code: 4401 });
    publish('srv_other');
    await other.next((message) => serverOf(message) === 'srv_other', 'the other to hear');
  });

  test('a subscription ends when its scope is taken away, and what is still allowed goes on', async () => {
    const { client, userId } = await api.join('operator');
    using socket = await rawSocket(api.url, { client });
    const needsMore = 'subscription { serverEvents { serverId server { registration { expiresAt } } } }';
    const { prisma } = api.platform.db;
    await prisma.user.update({ where: { id: userId }, data: { role: 'admin' } });
    api.services.topics.publish(principalChanged, { userId });
    await eventually(async () => {
      const { viewer } = await client.query<{ viewer: { scopes: string[] } }>('{ viewer { scopes } }');
      return viewer.scopes.includes('servers:register');
    }, 'the promotion');
    // The socket learns of it by the event; a subscription made before that would not hold the scope yet.
    await eventually(async () => {
      socket.send(subscribeMessage('probe', 'query { users { nodes { id } } }'));
      const { type } = await socket.next(({ id, type: kind }) => id === 'probe' && kind !== 'complete');
      return type === 'next';
    }, 'the promoted socket');
    socket.send(subscribeMessage('kept', events));
    expect(await heard(socket, 'kept')).toMatchObject({ type: 'next' });
    socket.send(subscribeMessage('lost', needsMore));
    expect(codeOf(await heard(socket, 'lost'))).toBeUndefined();

    await prisma.user.update({ where: { id: userId }, data: { role: 'viewer' } });
    api.services.topics.publish(principalChanged, { userId });
    const refusal = await socket.next((message) => message.id === 'lost' && codeOf(message) !== undefined);
    expect(codeOf(refusal)).toBe('PERMISSION_DENIED');
    publish('srv_kept');
    await socket.next((message) => message.id === 'kept' && serverOf(message) === 'srv_kept', 'it to go on');
  });

  test('and nobody says so, the next check finds it', async () => {
    const { client, userId } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client });
    socket.send(subscribeMessage('1', events));
    await listening();
    await api.platform.db.prisma.user.update({ where: { id: userId }, data: { role: 'nothing we know' } });
    expect(codeOf(await socket.next())).toBe('PERMISSION_DENIED');
    await api.platform.db.prisma.user.update({ where: { id: userId }, data: { disabledAt: new Date() } });
    expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code: 4401 });
  });
});

describe('hostile frames', () => {
  const init = { type: 'connection_init' };
  test.each<readonly [string, number, readonly unknown[]]>([
    ['no JSON', 4400, ['}{']],
    ['JSON that is no message', 4400, ['[1,2]']],
    ['null', 4400, ['null']],
    ['an unknown type', 4400, [{ type: 'shutdown' }]],
    ['types of a server', 4400, [init, { type: 'next', id: '1', payload: {} }]],
    ['an operation before the introduction', 4401, [subscribeMessage('1', events)]],
    ['two introductions', 4429, [init, init]],
    [
      'one id twice',
      4409,
      [init, 'wait', subscribeMessage('1', '{ setupStatus { needed } }'), subscribeMessage('1', events)],
    ],
    ['a query that is no text', 4400, [init, { type: 'subscribe', id: '1', payload: { query: 1 } }]],
    ['an id that is no text', 4400, [init, { type: 'subscribe', id: 7, payload: { query: events } }]],
    [
      'variables that are no object',
      4400,
      [init, { type: 'subscribe', id: '1', payload: { query: events, variables: 'x' } }],
    ],
    ['no payload', 4400, [init, { type: 'subscribe', id: '1' }]],
    ['a binary frame', 4400, [Buffer.from([0, 1, 2, 255])]],
    ['nesting without end', 4400, ['['.repeat(200_000)]],
    ['more bytes than allowed', 1009, ['x'.repeat(limits.messageBytes + 1)]],
  ])('%s closes with %i', async (_, code, frames) => {
    const { client } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client, init: false });
    for (const frame of frames) {
      if (frame === 'wait') await socket.next(({ type }) => type === 'connection_ack');
      else socket.send(frame);
    }
    expect(await within(socket.closed, 'the socket to close')).toMatchObject({ code });
  });

  test('of another subprotocol are not listened to', async () => {
    using socket = await rawSocket(api.url, { init: false, protocol: 'graphql-transport-ws' });
    socket.ws.close();
    await expect(rawSocket(api.url, { init: false, protocol: 'graphql-ws' })).rejects.toThrow('subprotocol');
  });

  test('that are no WebSocket at all, and resets in the middle of one, disturb nobody', async () => {
    const { hostname, port } = new URL(api.url);
    const upgrade = [
      'GET /graphql HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
      '',
      '',
    ].join('\r\n');
    for (const bytes of [
      Buffer.from([0xff, 0xff, 0xff]),
      Buffer.from([0x81]),
      Buffer.from([0xc1, 0xff]),
      Buffer.alloc(0),
    ]) {
      const socket = connect(Number(port), hostname);
      socket.write(upgrade);
      await once(socket, 'data');
      socket.write(bytes);
      socket.resetAndDestroy();
    }
    expect(await stillServes()).toBeDefined();
  });

  test('asking for what is not there are answered, not closed', async () => {
    const { client } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client });
    socket.send({ type: 'complete', id: 'never was' });
    socket.send({ type: 'pong', payload: { x: 1 } });
    socket.send({ type: 'ping', payload: { x: 1 } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { x: 1 } });
    for (const query of [
      '',
      '}{',
      '{ nothing }',
      'query A { viewer { scopes } } query B { viewer { scopes } }',
    ]) {
      socket.send(subscribeMessage('1', query));
      expect(codeOf(await socket.next())).toBe('QUERY_INVALID');
    }
    socket.send(subscribeMessage('__proto__', '{ setupStatus { needed } }'));
    expect(await socket.next(({ id }) => id === '__proto__')).toMatchObject({ type: 'next' });
  });
});

describe('limits', () => {
  const aliased = `{ ${Array.from({ length: 100 }, (_, index) => `a${index}: viewer { scopes }`).join(' ')} }`;
  const deep = `${'{ viewer '.repeat(50)}${'} '.repeat(50)}`;
  const huge = `{ ${'viewer { scopes } '.repeat(2_000)} }`;
  const costly =
    '{ auditEvents(first: 500) { edges { node { id } } } servers(first: 500) { nodes { linkSessions(first: 500) { nodes { id } } } } }';

  test.each([
    ['aliased', aliased],
    ['deep', deep],
    ['huge', huge],
    ['costly', costly],
  ])('a query too %s is refused alike on both transports', async (_, query) => {
    const { client } = await api.join('admin');
    const { errors } = await client.answer(query);
    expect(errors?.[0]?.extensions?.['code']).toBe('QUERY_TOO_COMPLEX');
    using socket = await rawSocket(api.url, { client });
    socket.send(subscribeMessage('1', query));
    expect(codeOf(await socket.next())).toBe('QUERY_TOO_COMPLEX');
  });

  test('the schema is told to those who are signed in', async () => {
    const query = '{ __schema { queryType { name } } }';
    expect((await api.stranger.answer(query)).errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    const { client } = await api.join('viewer');
    expect(await client.answer(query)).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } });
  });

  test('a stranger is not helped to guess', async () => {
    const { errors } = await api.stranger.answer('{ viewr { scopes } }');
    expect(errors?.[0]?.message).toBe('Cannot query field "viewr" on type "Query".');
  });

  test('a body over the limit is not read', async () => {
    const { client } = await api.join('viewer');
    const { status } = await client.post(JSON.stringify({ query: `# ${'x'.repeat(limits.messageBytes)}` }));
    expect(status).toBe(413);
  });

  test('a socket carries so many operations and no more', async () => {
    const { client } = await api.join('viewer');
    using socket = await rawSocket(api.url, { client });
    for (let n = 0; n <= 200; n++) socket.send(subscribeMessage(`${n}`, events));
    const refused = await socket.next(({ type }) => type === 'error');
    expect(refused.id).toBe('200');
    expect(codeOf(refused)).toBe('TOO_MANY_OPERATIONS');
  });
});

describe('a socket', () => {
  test('that gives no sign of life is given up; one that answers pings is kept', async () => {
    await using quick = await testApi({ pingMs: 50, silenceMs: 1_500 });
    const { client } = await quick.join('viewer');
    using dead = await rawSocket(quick.url, { client, autoPong: false });
    using alive = await rawSocket(quick.url, { client });
    alive.send(subscribeMessage('1', events));
    await eventually(() => quick.services.topics.watched(serverChanges), 'the subscription');
    expect(await within(dead.closed, 'the silent one to be given up')).toMatchObject({ code: 1006 });
    quick.services.topics.publish(serverChanges, { serverId: 'srv_x', kind: 'UPDATED' });
    expect(await alive.next()).toMatchObject({ id: '1', type: 'next' });
  });

  test('is told to come back elsewhere when the process stops', async () => {
    const stopping = await testApi();
    const { client } = await stopping.join('viewer');
    using socket = await rawSocket(stopping.url, { client });
    await stopping[Symbol.asyncDispose]();
    expect(await socket.closed).toMatchObject({ code: 1001 });
  });
});
