import { createServer } from 'node:http';
import { once } from 'node:events';
import {
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
} from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import type { RequestContext } from '../context.ts';
import type { FieldMarks } from '../graphql/access.ts';
import { Admission } from '../graphql/admission.ts';
import { Authentication } from '../graphql/authentication.ts';
import { Documents } from '../graphql/documents.ts';
import { keepBeginnings } from '../graphql/beginnings.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { PublicServer } from './public-server.ts';
import { Source } from './source.ts';
import { dig, rawSocket, subscribeMessage, type RawSocket } from './testing.ts';

interface Tick {
  readonly n: number;
  readonly pad?: string;
}

/** Every source that was opened, with what it was asked for, so that a test can push into it. */
interface Opened {
  readonly field: string;
  readonly room: string | undefined;
  readonly source: Source<Tick>;
}

let opened: Opened[] = [];
let contexts: RequestContext[] = [];
let snapshots = 0;
let current: Tick = { n: 0 };
let gate: Promise<void> = Promise.resolve();

const TickType = new GraphQLObjectType<Tick, RequestContext>({
  name: 'Tick',
  fields: {
    n: {
      type: GraphQLInt,
      resolve: ({ n }, _args, context) => {
        contexts.push(context);
        return n;
      },
    },
    pad: { type: GraphQLString },
    forAuditors: {
      type: GraphQLString,
      extensions: { serverkit: { access: 'audit:read' } },
      resolve: (_tick, _args, { principal }) =>
        principal.rights.everywhere.has('audit:read') ? 'told' : null,
    },
    viewer: {
      type: GraphQLString,
      extensions: { serverkit: { perViewer: true } },
      resolve: (_tick, _args, { principal }) =>
        principal.kind === 'user' ? principal.user.id : principal.kind,
    },
  },
});

type Field = GraphQLFieldConfig<unknown, RequestContext, { room?: string }>;

const args: GraphQLFieldConfigArgumentMap = { room: { type: GraphQLString }, more: { type: GraphQLString } };

function field(name: string, marks: FieldMarks, open?: (source: Source<Tick>) => unknown): Field {
  return {
    type: TickType,
    args,
    extensions: { serverkit: { access: 'signedIn', ...marks } },
    subscribe: async (_root, { room }, { signal }) => {
      await gate;
      const source = new Source<Tick>({ keep: 'all', limit: 10_000 }, undefined, signal);
      opened.push({ field: name, room, source });
      return open ? open(source) : source;
    },
    resolve: (tick) => tick,
  };
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { no: { type: new GraphQLNonNull(GraphQLInt), resolve: () => 1 } },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      ticks: field('ticks', {}),
      gauge: field('gauge', { overflow: 'skip' }),
      state: field('state', {}, (source) => {
        keepBeginnings(source, {
          snapshot: () => {
            snapshots += 1;
            return [current];
          },
        });
        return source;
      }),
      bulk: field('bulk', { delivery: 'private' }),
      refused: field('refused', {}, () => {
        throw new Error('a secret of the database');
      }),
    },
  }),
});

let api: TestApi;
let live: PublicServer;
let url: string;
const http = createServer();

beforeAll(async () => {
  api = await testApi();
  const documents = new Documents(schema);
  const { platform, services } = api;
  const authentication = new Authentication({ services });
  const admission = new Admission(documents);
  live = new PublicServer({ platform, services, documents, admission, authentication });
  live.start();
  // The cookie's name holds the port of the API that made it.
  const { host } = new URL(api.url);
  const facts = {
    channel: 'main',
    address: '127.0.0.1',
    secure: false,
    host,
    origin: undefined,
    originVerdict: 'same',
  } as const;
  http.on('upgrade', (request, socket, head) => live.upgrade(request, socket, head, facts));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterAll(async () => {
  await live.drain(AbortSignal.timeout(1_000));
  http.close();
  await api[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await eventually(() => live.groups === 0, 'the groups of the last test to end');
  opened = [];
  contexts = [];
  snapshots = 0;
  current = { n: 0 };
  gate = Promise.resolve();
});

const dial = async ({ client }: TestPerson): Promise<RawSocket> => rawSocket(url, { client });
const members = (count: number) => eventually(() => live.members === count, `${count} members`);
const source = (index = 0) => eventually(() => opened[index]?.source, `source ${index} to open`);
const data = (n: number) => ({ type: 'next', payload: { data: { ticks: { n } } } });
const ticks = 'subscription { ticks { n } }';

describe('those who ask the same', () => {
  test('share one execution, whoever they are, each under the id they chose', async () => {
    using a = await dial(await api.join('viewer'));
    using b = await dial(await api.join('admin'));
    a.send(subscribeMessage('a-1', ticks));
    a.send(subscribeMessage('a-2', ticks));
    b.send(subscribeMessage('b"1\n', ticks));
    await members(3);
    expect(opened).toHaveLength(1);
    (await source()).push({ n: 7 });
    expect([await a.next(), await a.next(), await b.next()]).toMatchObject([
      { id: 'a-1', ...data(7) },
      { id: 'a-2', ...data(7) },
      { id: 'b"1\n', ...data(7) },
    ]);
    expect(contexts).toHaveLength(1);
  });

  test('does not depend on the order in which variables are written, but on all of their values', async () => {
    using socket = await dial(await api.join('viewer'));
    const query = 'subscription($room: String, $more: String) { ticks(room: $room, more: $more) { n } }';
    socket.send(subscribeMessage('1', query, { room: 'x', more: 'y' }));
    socket.send(subscribeMessage('2', query, { more: 'y', room: 'x' }));
    socket.send(subscribeMessage('3', query, { room: 'y', more: 'x' }));
    await members(3);
    expect(opened.map(({ room }) => room)).toEqual(['x', 'y']);
  });

  test('but hold other rights that the document asks for, are told apart', async () => {
    using low = await dial(await api.join('viewer'));
    using high = await dial(await api.join('admin'));
    for (const socket of [low, high])
      socket.send(subscribeMessage('1', 'subscription { ticks { forAuditors } }'));
    await members(2);
    expect(opened).toHaveLength(2);
    for (const { source: one } of opened) one.push({ n: 1 });
    expect(await low.next()).toMatchObject({ payload: { data: { ticks: { forAuditors: null } } } });
    expect(await high.next()).toMatchObject({ payload: { data: { ticks: { forAuditors: 'told' } } } });
  });

  test('and to see something of their own, share nothing', async () => {
    const people = [await api.join('viewer'), await api.join('viewer')];
    for (const [index, person] of people.entries()) {
      using socket = await dial(person);
      socket.send(subscribeMessage('1', 'subscription { ticks { viewer } }'));
      (await source(index)).push({ n: 1 });
      expect(await socket.next()).toMatchObject({ payload: { data: { ticks: { viewer: person.userId } } } });
    }
    expect(live.groups).toBe(0);
  });

  test('see each event executed in a context of its own, without a user', async () => {
    using socket = await dial(await api.join('viewer'));
    socket.send(subscribeMessage('1', ticks));
    for (const n of [1, 2]) {
      (await source()).push({ n });
      await socket.next();
    }
    expect(new Set(contexts).size).toBe(2);
    expect(contexts.map(({ principal }) => principal.kind)).toEqual(['class', 'class']);
  });
});

describe('a shared source', () => {
  test('is closed when the last one leaves, also while it is being opened', async () => {
    using a = await dial(await api.join('viewer'));
    using b = await dial(await api.join('viewer'));
    for (const socket of [a, b]) socket.send(subscribeMessage('1', ticks));
    await members(2);
    a.send({ type: 'complete', id: '1' });
    await members(1);
    expect((await source()).ended).toBe(false);
    b.ws.terminate();
    await eventually(async () => (await source()).ended, 'the source to be closed');

    const opening = Promise.withResolvers<void>();
    gate = opening.promise;
    using late = await dial(await api.join('viewer'));
    late.send(subscribeMessage('2', ticks));
    await eventually(() => live.groups === 1, 'the group');
    late.send({ type: 'complete', id: '2' });
    await eventually(() => live.groups === 0, 'the group to be forgotten');
    opening.resolve();
    expect((await source(1)).ended).toBe(true);
  });

  test('that ends completes everyone, and the next to ask gets a new one', async () => {
    using a = await dial(await api.join('viewer'));
    a.send(subscribeMessage('1', ticks));
    await members(1);
    (await source()).end();
    expect(await a.next()).toEqual({ id: '1', type: 'complete' });
    a.send(subscribeMessage('2', ticks));
    (await source(1)).push({ n: 1 });
    expect(await a.next()).toMatchObject({ id: '2', ...data(1) });
  });

  test('that fails tells everyone so, and nobody why', async () => {
    using a = await dial(await api.join('viewer'));
    using b = await dial(await api.join('viewer'));
    for (const socket of [a, b]) socket.send(subscribeMessage('1', ticks));
    await members(2);
    (await source()).fail(new Error('a secret of the database'));
    for (const socket of [a, b]) {
      const message = await socket.next();
      expect(message).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INTERNAL' } }] });
      expect(JSON.stringify(message)).not.toContain('secret');
    }
  });

  test('that cannot be opened is told to everyone who waited for it', async () => {
    using a = await dial(await api.join('viewer'));
    for (const id of ['1', '2']) a.send(subscribeMessage(id, 'subscription { refused { n } }'));
    for (const id of ['1', '2']) {
      const message = await a.next((one) => one.type === 'next', 'the refusal');
      expect(message).toMatchObject({ id, payload: { errors: [{ extensions: { code: 'INTERNAL' } }] } });
      expect(JSON.stringify(message)).not.toContain('secret');
    }
  });
});

describe('a snapshot', () => {
  const state = 'subscription { state { n } }';
  const value = ({ payload }: { payload?: unknown }) => dig(payload, 'data', 'state', 'n');

  test('is what everyone begins with, whenever they join', async () => {
    current = { n: 1 };
    using early = await dial(await api.join('viewer'));
    early.send(subscribeMessage('1', state));
    expect(value(await early.next())).toBe(1);
    current = { n: 2 };
    (await source()).push(current);
    expect(value(await early.next())).toBe(2);
    using late = await dial(await api.join('viewer'));
    late.send(subscribeMessage('1', state));
    expect(value(await late.next())).toBe(2);
    (await source()).push({ n: 3 });
    expect([value(await early.next()), value(await late.next())]).toEqual([3, 3]);
    expect(opened).toHaveLength(1);
  });

  test('is made once for many who join together', async () => {
    const opening = Promise.withResolvers<void>();
    gate = opening.promise;
    using socket = await dial(await api.join('viewer'));
    for (let id = 0; id < 100; id++) socket.send(subscribeMessage(`${id}`, state));
    await members(100);
    opening.resolve();
    for (let id = 0; id < 100; id++) await socket.next();
    expect(snapshots).toBeLessThan(10);
  });

  test('is what a viewer of something private begins with too', async () => {
    current = { n: 4 };
    using socket = await dial(await api.join('viewer'));
    socket.send(subscribeMessage('1', 'subscription { state { n viewer } }'));
    expect(value(await socket.next())).toBe(4);
    (await source()).push({ n: 5 });
    expect(value(await socket.next())).toBe(5);
  });
});

describe('readers who do not keep up', () => {
  const pad = 'x'.repeat(64 * 1024);
  const padded = (name: string) => `subscription { ${name} { n pad } }`;
  const rounds = 400;

  /** Pushes far more than any buffer between the two ends holds, at the pace of a reader who keeps up. */
  async function flood(name: string, healthy: RawSocket): Promise<number[]> {
    const feed = opened.find(({ field: one }) => one === name)?.source;
    const seen: number[] = [];
    for (let n = 1; n <= rounds; n++) {
      current = { n, pad };
      feed?.push(current);
      const { payload } = await healthy.next(({ type }) => type === 'next');
      seen.push(Number(dig(payload, 'data', name, 'n')));
    }
    return seen;
  }

  test('cost ten of them a bounded amount of memory, and the others nothing', async () => {
    using healthy = await dial(await api.join('viewer'));
    using stalled = new DisposableStack();
    const person = await api.join('viewer');
    healthy.send(subscribeMessage('1', padded('gauge')));
    for (let n = 0; n < 10; n++) {
      const socket = stalled.use(await dial(person));
      socket.send(subscribeMessage('1', padded('gauge')));
      socket.ws.pause();
    }
    await members(11);
    const seen = await flood('gauge', healthy);
    expect(seen).toEqual(Array.from({ length: rounds }, (_, index) => index + 1));
    expect(live.members).toBe(11);
    // 10 × 25 MB were read by nobody; what waits is bounded for each by 128 KiB and the event that passed it.
    expect(live.bufferedBytes).toBeGreaterThan(1024 * 1024);
    expect(live.bufferedBytes).toBeLessThan(10 * (128 + 65) * 1024);
  });

  test('go on with a fresh snapshot when they come back', async () => {
    using healthy = await dial(await api.join('viewer'));
    using stalled = await dial(await api.join('viewer'));
    for (const socket of [healthy, stalled]) socket.send(subscribeMessage('1', padded('state')));
    for (const socket of [healthy, stalled]) await socket.next();
    await members(2);
    stalled.ws.pause();
    await flood('state', healthy);
    stalled.ws.resume();
    const numbers: number[] = [];
    await stalled.next(({ payload }) => {
      numbers.push(Number(dig(payload, 'data', 'state', 'n')));
      return numbers.at(-1) === rounds;
    }, 'the newest state');
    expect(numbers.length).toBeLessThan(rounds / 2);
  });

  test('are told so where nothing may be left out', async () => {
    using healthy = await dial(await api.join('viewer'));
    using stalled = await dial(await api.join('viewer'));
    for (const socket of [healthy, stalled]) socket.send(subscribeMessage('1', padded('ticks')));
    await members(2);
    stalled.ws.pause();
    await flood('ticks', healthy);
    await members(1);
    stalled.ws.resume();
    const message = await stalled.next(({ type }) => type === 'error', 'the end');
    expect(message).toMatchObject({ payload: [{ extensions: { code: 'SLOW_CONSUMER' } }] });
  });

  test('of a private source make it wait', async () => {
    using reader = await dial(await api.join('viewer'));
    reader.send(subscribeMessage('1', padded('bulk')));
    const feed = await source();
    reader.ws.pause();
    for (let n = 0; n < rounds; n++) feed.push({ n, pad });
    await eventually(() => contexts.length > 0 && stable(), 'the source to wait');
    expect(contexts.length).toBeLessThan(rounds);
    reader.ws.resume();
    for (let n = 0; n < rounds; n++) {
      expect(await reader.next()).toMatchObject({ payload: { data: { bulk: { n } } } });
    }
  });

  let last = -1;
  function stable(): boolean {
    const same = contexts.length === last;
    last = contexts.length;
    return same;
  }
});
