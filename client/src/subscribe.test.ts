import { afterEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { createClient } from './node.ts';
import { testApi } from './testing.ts';
import type { ClientOptions } from './options.ts';

const document = 'subscription Ticks { tick }';
const reconnect = { maxDelayMs: 1 } satisfies ClientOptions['reconnect'];

const failure = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    return error;
  }
};

/** What is there to read without waiting for more. */
const settled = async (work: Promise<unknown>): Promise<unknown> => {
  let result: unknown = 'still waiting';
  work.then(
    (value) => (result = value),
    (error: unknown) => (result = error),
  );
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return result;
};

const tick = (count: number) => ({ data: { tick: count } });
const read = (count: number) => ({ done: false, value: { tick: count } });

afterEach(() => {
  vi.useRealTimers();
});

test('a subscription begins with its first read, introduces itself with the token, and ends when the API says so', async () => {
  await using api = await testApi();
  const client = createClient({ url: api.url, token: 'sk_test' });
  const ticks = client.subscribe(document, { first: 1 });
  expect(api.connected).toBe(0);
  const first = ticks.next();
  const operation = await api.subscription();
  expect(operation.payload).toMatchObject({ query: document, variables: { first: 1 } });
  expect(operation.socket.params).toEqual({ authorization: 'Bearer sk_test' });
  operation.next(tick(1));
  operation.next(tick(2));
  operation.complete();
  expect(await first).toEqual(read(1));
  expect(await ticks.next()).toEqual(read(2));
  expect(await ticks.next()).toEqual({ done: true, value: undefined });
  expect(await ticks.next()).toEqual({ done: true, value: undefined });
});

test('all share one connection, which goes with the last of them', async () => {
  await using api = await testApi();
  const client = createClient({ url: api.url });
  const [one, two] = [client.subscribe(document), client.subscribe(document)];
  const reads = [one.next(), two.next()];
  const operations = [await api.subscription(), await api.subscription()];
  for (const operation of operations) operation.next(tick(1));
  await Promise.all(reads);
  expect(api.connected).toBe(1);
  await one.return?.();
  await operations[0]?.left;
  expect(api.connections.size).toBe(1);
  await two.return?.();
  await operations[1]?.left;
  await eventually(() => api.connections.size === 0, 'the connection to go');
});

test('leaving the loop ends it at the API, also while nothing comes', async () => {
  await using api = await testApi();
  const client = createClient({ url: api.url });
  const loop = (async () => {
    for await (const event of client.subscribe(document)) return event;
    return undefined;
  })();
  const operation = await api.subscription();
  operation.next(tick(1));
  expect(await loop).toEqual({ tick: 1 });
  await operation.left;

  const silent = client.subscribe(document);
  const pending = silent.next();
  const { left } = await api.subscription();
  expect(await silent.return?.()).toEqual({ done: true, value: undefined });
  expect(await pending).toEqual({ done: true, value: undefined });
  await left;
});

test('a signal ends it with its reason, and what was not read is forgotten', async () => {
  await using api = await testApi();
  const client = createClient({ url: api.url });
  const controller = new AbortController();
  const ticks = client.subscribe(document, {}, { signal: controller.signal });
  const first = ticks.next();
  const operation = await api.subscription();
  operation.next(tick(1));
  operation.next(tick(2));
  await first;
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await failure(ticks.next())).toBe(reason);
  expect(await ticks.next()).toEqual({ done: true, value: undefined });
  await operation.left;
  expect(await failure(client.subscribe(document, {}, { signal: AbortSignal.abort(reason) }).next())).toBe(
    reason,
  );
});

describe('errors', () => {
  test('of the API end it, after what had come', async () => {
    await using api = await testApi();
    const ticks = createClient({ url: api.url }).subscribe(document);
    const first = ticks.next();
    const operation = await api.subscription();
    operation.next(tick(1));
    operation.next(tick(2));
    operation.error([
      { message: 'Taken away.', extensions: { code: 'PERMISSION_DENIED', scope: 'servers:read' } },
    ]);
    await first;
    expect(await ticks.next()).toEqual(read(2));
    expect(await failure(ticks.next())).toMatchObject({
      name: 'ServerKitApiError',
      code: 'PERMISSION_DENIED',
      details: { scope: 'servers:read' },
    });
  });

  test('in an event end it too, unless somebody looks at them', async () => {
    await using api = await testApi();
    const client = createClient({ url: api.url });
    const partial = {
      data: { tick: null },
      errors: [{ message: 'Offline.', extensions: { code: 'AGENT_OFFLINE' } }],
    };
    const strict = client.subscribe(document).next();
    (await api.subscription()).next(partial);
    expect(await failure(strict)).toMatchObject({ code: 'AGENT_OFFLINE', data: { tick: null } });

    const seen: string[] = [];
    const lenient = client.subscribe(
      document,
      {},
      { onErrors: (errors) => seen.push(...errors.map(({ code }) => code)) },
    );
    const event = lenient.next();
    (await api.subscription()).next(partial);
    expect(await event).toEqual({ done: false, value: { tick: null } });
    expect(seen).toEqual(['AGENT_OFFLINE']);
    await lenient.return?.();
  });

  test('a token that is not valid, or not any more, is no reason to come back', async () => {
    await using api = await testApi();
    const client = createClient({ url: api.url, reconnect });
    api.welcome = () => 4401;
    expect(await failure(client.subscribe(document).next())).toMatchObject({
      code: 'UNAUTHENTICATED',
      retryable: false,
    });

    api.welcome = () => undefined;
    const ticks = client.subscribe(document);
    const pending = ticks.next();
    const operation = await api.subscription();
    operation.socket.ws.close(4401, 'Your session ended.');
    expect(await failure(pending)).toMatchObject({ code: 'UNAUTHENTICATED', message: 'Your session ended.' });
    expect(api.connected).toBe(2);
  });

  test('nobody there at the first attempt is told at once', async () => {
    await using api = await testApi();
    const { url } = api;
    await api[Symbol.asyncDispose]();
    expect(await failure(createClient({ url }).subscribe(document).next())).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('a lost connection', () => {
  test.each([
    ['a clean close', (ws) => ws.close(1000)],
    ['going away', (ws) => ws.close(1001)],
    ['a restart', (ws) => ws.close(1012)],
    ['a reset', (ws) => ws.terminate()],
  ] as const satisfies [string, (ws: { close(code: number): void; terminate(): void }) => void][])(
    'comes back after %s, and says that something may be missing',
    async (_name, cut) => {
      await using api = await testApi();
      const client = createClient({ url: api.url, reconnect });
      let renewed = 0;
      const ticks = client.stream(document, () => ({ time: ++renewed }));
      const first = ticks.next();
      const before = await api.subscription();
      before.next(tick(1));
      expect(await first).toEqual({ done: false, value: { data: { tick: 1 }, gap: true } });
      before.next(tick(2));
      expect(await ticks.next()).toMatchObject({ value: { gap: false } });
      cut(before.socket.ws);
      const next = ticks.next();
      const after = await api.subscription();
      expect(after.payload.variables).toEqual({ time: 2 });
      after.next(tick(3));
      expect(await next).toEqual({ done: false, value: { data: { tick: 3 }, gap: true } });
      await ticks.return?.();
    },
  );

  test('is waited for together, and told of', async () => {
    await using api = await testApi();
    const states: string[] = [];
    const client = createClient({ url: api.url, reconnect, onConnection: ({ state }) => states.push(state) });
    const all = [client.subscribe(document), client.subscribe(document), client.subscribe(document)];
    const reads = all.map((one) => one.next());
    for (const _ of all) (await api.subscription()).next(tick(1));
    await Promise.all(reads);
    for (const { ws } of api.connections) ws.terminate();
    const again = all.map((one) => one.next());
    for (const _ of all) (await api.subscription()).next(tick(2));
    expect(await Promise.all(again)).toEqual([read(2), read(2), read(2)]);
    expect(api.connected).toBe(2);
    expect(states).toEqual(['connecting', 'connected', 'closed', 'waiting', 'connecting', 'connected']);
    client.close();
    for (const one of all) expect(await failure(one.next())).toMatchObject({ name: 'AbortError' });
  });

  test('is given up after so many attempts', async () => {
    await using api = await testApi();
    const client = createClient({ url: api.url, reconnect: { attempts: 2, maxDelayMs: 1 } });
    const ticks = client.subscribe(document);
    const pending = ticks.next();
    const { socket } = await api.subscription();
    let refused = 0;
    api.welcome = () => {
      refused += 1;
      return 1012;
    };
    socket.ws.terminate();
    expect(await failure(pending)).toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(refused).toBe(2);
  });

  test('whoever leaves while it waits keeps nothing open', async () => {
    await using api = await testApi();
    const { promise: waiting, resolve } = Promise.withResolvers<void>();
    const client = createClient({
      url: api.url,
      reconnect: { maxDelayMs: 3_600_000 },
      onConnection: ({ state }) => {
        if (state === 'waiting') resolve();
      },
    });
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const ticks = client.subscribe(document);
    const pending = ticks.next();
    (await api.subscription()).socket.ws.terminate();
    await waiting;
    await ticks.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});

describe('what arrives faster than it is read', () => {
  /** Sends `count` ticks without anybody reading more than the first. */
  async function flood(api: Awaited<ReturnType<typeof testApi>>, count: number) {
    const operation = await api.subscription();
    for (let at = 1; at <= count; at++) operation.next(tick(at));
    return operation;
  }

  test('ends the subscription once too much waits', async () => {
    await using api = await testApi();
    const ticks = createClient({ url: api.url }).subscribe(document, {}, { backlog: { limit: 3 } });
    const first = ticks.next();
    const operation = await flood(api, 5);
    await first;
    await operation.left;
    expect(await ticks.next()).toEqual(read(2));
    expect(await ticks.next()).toEqual(read(3));
    expect(await ticks.next()).toEqual(read(4));
    expect(await failure(ticks.next())).toMatchObject({ code: 'SLOW_CONSUMER', retryable: true });
  });

  test('drops the oldest', async () => {
    await using api = await testApi();
    const ticks = createClient({ url: api.url }).subscribe(
      document,
      {},
      { backlog: { limit: 2, overflow: 'drop' } },
    );
    const first = ticks.next();
    const operation = await flood(api, 9);
    operation.complete();
    await first;
    await eventually(() => api.connections.size === 0, 'the connection to go');
    expect([await ticks.next(), await ticks.next(), (await ticks.next()).done]).toEqual([
      read(8),
      read(9),
      true,
    ]);
  });

  test('keeps the newest of each key', async () => {
    await using api = await testApi();
    const samples = createClient({ url: api.url }).subscribe(
      'subscription { sample }',
      {},
      { backlog: { newestOf: (data) => JSON.stringify(data).slice(0, 12) } },
    );
    const first = samples.next();
    const operation = await api.subscription();
    for (const sample of ['a1', 'a2', 'b1', 'a3', 'b2', 'a4']) operation.next({ data: { sample } });
    operation.complete();
    await first;
    await eventually(() => api.connections.size === 0, 'the connection to go');
    expect(await samples.next()).toEqual({ done: false, value: { sample: 'a4' } });
    expect(await samples.next()).toEqual({ done: false, value: { sample: 'b2' } });
    expect(await samples.next()).toMatchObject({ done: true });
  });

  test('begins anew with a snapshot when it is read again', async () => {
    await using api = await testApi();
    const ticks = createClient({ url: api.url }).stream(
      document,
      {},
      { backlog: { limit: 2, overflow: 'restart' } },
    );
    const first = ticks.next();
    const operation = await flood(api, 4);
    await first;
    await operation.left;
    const next = ticks.next();
    (await api.subscription()).next(tick(100));
    expect(await next).toEqual({ done: false, value: { data: { tick: 100 }, gap: true } });
    await ticks.return?.();
  });

  test('makes the sender wait: the socket is not read, and nothing is lost', async () => {
    await using api = await testApi();
    const client = createClient({ url: api.url });
    const other = client.subscribe(document);
    const beside = other.next();
    const shared = await api.subscription();
    const bulk = client.subscribe(document, {}, { backlog: { limit: 4, overflow: 'wait' } });
    const first = bulk.next();
    const operation = await api.subscription();
    expect(operation.socket).not.toBe(shared.socket);
    const filler = 'x'.repeat(64 * 1024);
    const count = 400;
    for (let at = 1; at <= count; at++) operation.next({ data: { tick: at, filler } });
    operation.complete();
    expect(await first).toMatchObject({ value: { tick: 1 } });
    // The kernel takes a few MB; the rest waits where it is.
    await eventually(() => operation.socket.ws.bufferedAmount > 1024 * 1024, 'the sender to be held up');
    expect(await settled(new Promise(() => {}))).toBe('still waiting');
    expect(operation.socket.ws.bufferedAmount).toBeGreaterThan(1024 * 1024);
    // Others are not held up.
    shared.next(tick(1));
    expect(await beside).toEqual(read(1));
    await other.return?.();
    for (let at = 2; at <= count; at++) expect(await bulk.next()).toMatchObject({ value: { tick: at } });
    expect(await bulk.next()).toMatchObject({ done: true });
  });

  test('where a socket cannot stop reading, it ends and begins anew where its reader is', async () => {
    await using api = await testApi();
    // As browsers have it.
    const client = createClient({ url: api.url, webSocket: WebSocket });
    let at = 0;
    const bulk = client.subscribe(document, () => ({ after: at }), {
      backlog: { limit: 3, overflow: 'wait' },
    });
    const first = bulk.next();
    const operation = await flood(api, 3);
    await first;
    operation.next(tick(4));
    await operation.left;
    for (at = 2; at <= 4; at++) expect(await bulk.next()).toEqual(read(at));
    at = 4;
    const next = bulk.next();
    const again = await api.subscription();
    expect(again.payload.variables).toEqual({ after: 4 });
    again.next(tick(5));
    expect(await next).toEqual(read(5));
    await bulk.return?.();
  });
});

describe('a connection that went silent', () => {
  test('is given up when a ping stays without an answer, and made again', async () => {
    await using api = await testApi();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const client = createClient({ url: api.url, reconnect });
    const ticks = client.subscribe(document);
    const pending = ticks.next();
    const { socket } = await api.subscription();
    socket.ws.pause();
    await vi.advanceTimersByTimeAsync(10_000);
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.advanceTimersByTimeAsync(1_000);
    const again = await api.subscription();
    again.next(tick(1));
    expect(await pending).toEqual(read(1));
    await ticks.return?.();
  });
});
