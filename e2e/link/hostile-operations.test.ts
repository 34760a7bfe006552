import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '@serverkit/wire/bytes.ts';
import { sealEnvelope, type Envelope } from '@serverkit/wire/envelope.ts';
import { eventually, within } from '../../testing/events.ts';
import { openBench, type Bench } from './agent-bench.ts';
import type { RawLink } from './raw-control-plane.ts';

const mark = 'mutation { mark(text: "done") }';

describe('operations the agent must not run', () => {
  let bench: Bench;
  let link: RawLink;
  beforeEach(async () => {
    bench = await openBench();
    link = await bench.plane.link();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const sealed = (changes: Partial<Record<keyof Envelope, unknown>> = {}) => {
    const envelope = link.envelope({ query: mark, ...changes });
    return { envelope, signed: sealEnvelope(bench.plane.keys.current, envelope) };
  };

  /** Nothing tells when what was completed has ended, a moment later. */
  const untilUsable = (): Promise<boolean> =>
    eventually(() => expectUsable().then(() => true), 'room for another operation');

  async function expectUsable(): Promise<void> {
    await expect(link.answer(link.run({}))).resolves.toMatchObject({ data: { ping: expect.any(Number) } });
  }

  async function expectRefused(id: string, code: string): Promise<void> {
    await expect(link.answer(id)).resolves.toEqual({ code });
    expect(bench.traces.marks).toEqual([]);
    expect(bench.refusals()).toContainEqual(expect.objectContaining({ operationId: id, code }));
    await expectUsable();
  }

  describe('because nobody it trusts signed them', () => {
    const forgeries: readonly (readonly [what: string, forge: () => { id: string; signed: unknown }])[] = [
      ['no signature at all', () => ({ id: 'x', signed: undefined })],
      ['a signature that is text', () => ({ id: 'x', signed: 'sig' })],
      ['a list', () => ({ id: 'x', signed: [] })],
      ['a payload that is no text', () => ({ id: 'x', signed: { payload: {}, sig: [] } })],
      [
        'a payload without its signature',
        () => {
          const { envelope, signed } = sealed();
          return { id: envelope.id, signed: { payload: signed.payload } };
        },
      ],
      [
        'an altered payload',
        () => {
          const { envelope, signed } = sealed({ query: '{ ping }' });
          const bytes = String(fromBase64Url(signed.payload)).replace('{ ping }', mark);
          return { id: envelope.id, signed: { ...signed, payload: toBase64Url(Buffer.from(bytes)) } };
        },
      ],
      ...[0, 31, 32, 63].map((at) => forgedSignature(at)),
      [
        'a signature with a byte more',
        () => {
          const { envelope, signed } = sealed();
          const sig = toBase64Url(
            Buffer.concat([fromBase64Url(signed.sig) ?? Buffer.alloc(0), Buffer.alloc(1)]),
          );
          return { id: envelope.id, signed: { ...signed, sig } };
        },
      ],
      [
        'base64 written another way',
        () => {
          const { envelope, signed } = sealed();
          return { id: envelope.id, signed: { ...signed, payload: `${signed.payload}=` } };
        },
      ],
      ['the key of a stranger', () => signedBy('stranger')],
      ['the key of a stranger that calls itself ours', () => signedBy('stranger', 'current')],
      ['a pinned key that did not make this session', () => signedBy('next')],
      ['the session’s key under another name', () => signedBy('current', 'next')],
      [
        'the agent’s own key',
        () => {
          const { envelope } = sealed();
          return { id: envelope.id, signed: sealEnvelope(bench.plane.identity.key, envelope) };
        },
      ],
      ['something signed that is no envelope', () => signedText('[]')],
      ['something signed that is no JSON', () => signedText('ping')],
      ['an envelope of another version', () => well({ v: 2 })],
      ['an envelope that lives for ever', () => well({ ttlMs: 1e12 })],
      ['an envelope without a life', () => well({ ttlMs: 0 })],
      ['an envelope whose time is no number', () => well({ sessionMs: '0' })],
      ['an envelope whose scopes are text', () => well({ scopes: '*' })],
      ['an envelope whose variables are a list', () => well({ variables: [] })],
      ['an envelope without a query', () => well({ query: null })],
    ];

    function forgedSignature(at: number): readonly [string, () => { id: string; signed: unknown }] {
      return [
        `a signature with byte ${at} altered`,
        () => {
          const { envelope, signed } = sealed();
          const bytes = fromBase64Url(signed.sig) ?? Buffer.alloc(0);
          bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
          return { id: envelope.id, signed: { ...signed, sig: toBase64Url(bytes) } };
        },
      ];
    }
    function signedBy(use: keyof Bench['plane']['keys'], called: keyof Bench['plane']['keys'] = use) {
      const { keys } = bench.plane;
      const envelope = link.envelope({ query: mark, keyId: keys[called].id });
      return { id: envelope.id, signed: sealEnvelope(keys[use], envelope) };
    }
    function signedText(text: string) {
      // sealEnvelope signs the JSON of what it is given, and these are JSON of themselves.
      const { keys } = bench.plane;
      const envelope: Envelope = Object.assign(link.envelope(), {
        toJSON: () => (text === '[]' ? [] : text),
      });
      return { id: envelope.id, signed: sealEnvelope(keys.current, envelope) };
    }
    function well(changes: Partial<Record<keyof Envelope, unknown>>) {
      const { envelope, signed } = sealed(changes);
      return { id: envelope.id, signed };
    }

    it.each(forgeries)('%s', async (_what, forge) => {
      const { id, signed } = forge();
      link.send({ type: 'subscribe', id, payload: { query: mark, extensions: { serverkit: signed } } });
      await expectRefused(id, 'SIGNATURE_INVALID');
      expect(bench.refusals()).toContainEqual(
        expect.objectContaining({ operationId: id, actor: 'unproven' }),
      );
    });

    it('ten of them, and the agent gives the link up and dials anew', async () => {
      for (let n = 0; n < 10; n += 1) link.operate(undefined, `forged-${n}`);
      await expect(link.ended()).resolves.toMatchObject({ code: 4400 });
      expect(bench.refusals()).toHaveLength(10);
      link = await bench.plane.link();
      await expectUsable();
    });
  });

  describe('because they are meant for another place or time', () => {
    it('another agent', async () => {
      const { envelope, signed } = sealed({ agentId: 'agt_other' });
      await expectRefused(link.operate(signed, envelope.id), 'ENVELOPE_MISMATCH');
    });

    it('another session', async () => {
      const { envelope, signed } = sealed({ sessionId: toBase64Url(Buffer.alloc(32)) });
      await expectRefused(link.operate(signed, envelope.id), 'ENVELOPE_MISMATCH');
    });

    it('another message', async () => {
      const { signed } = sealed();
      await expectRefused(link.operate(signed, 'another'), 'ENVELOPE_MISMATCH');
    });

    it('a recording from the session before', async () => {
      const { envelope, signed } = sealed();
      link.socket.terminate();
      link = await bench.plane.link();
      await expectRefused(link.operate(signed, envelope.id), 'ENVELOPE_MISMATCH');
    });

    it('long ago', async () => {
      const { envelope, signed } = sealed({ sessionMs: -30_001, ttlMs: 30_000 });
      await expectRefused(link.operate(signed, envelope.id), 'ENVELOPE_EXPIRED');
    });

    it('a far future', async () => {
      const { envelope, signed } = sealed({ sessionMs: 120_000 });
      await expectRefused(link.operate(signed, envelope.id), 'ENVELOPE_MISMATCH');
    });
  });

  describe('because they came before', () => {
    it('again, after it was run: once is once', async () => {
      const { envelope, signed } = sealed();
      const id = link.operate(signed, envelope.id);
      await expect(link.answer(id)).resolves.toEqual({ data: { mark: true } });
      await link.inbox.next('complete', id);
      link.operate(signed, id);
      await expect(link.answer(id)).resolves.toEqual({ code: 'ENVELOPE_REPLAYED' });
      expect(bench.traces.marks).toEqual(['done']);
      expect(bench.refusals()).toContainEqual(
        expect.objectContaining({ operationId: id, code: 'ENVELOPE_REPLAYED' }),
      );
    });

    it('again, after it was refused for its scope', async () => {
      const { envelope, signed } = sealed({ scopes: [] });
      const id = link.operate(signed, envelope.id);
      await expect(link.answer(id)).resolves.toEqual({ code: 'SCOPE_DENIED' });
      link.operate(signed, id);
      await expectRefused(id, 'ENVELOPE_REPLAYED');
    });

    it('again, while it runs: the link is given up rather than the answer mixed up', async () => {
      const { envelope, signed } = sealed({ query: 'query { hang }' });
      const id = link.operate(signed, envelope.id);
      link.operate(signed, id);
      await expect(link.ended()).resolves.toMatchObject({ code: 4400 });
      expect(bench.refusals()).toContainEqual(
        expect.objectContaining({ operationId: id, code: 'ENVELOPE_REPLAYED' }),
      );
    });
  });

  describe('because their document is not one it takes', () => {
    const nested = (depth: number) => '{ ping '.repeat(depth) + '}'.repeat(depth);
    const documents: readonly (readonly [what: string, query: string, operationName?: string])[] = [
      ['no GraphQL', 'rm -rf /'],
      ['nothing', ''],
      ['two changes at once', 'mutation { a: mark(text: "1") b: mark(text: "2") }'],
      [
        'two changes through a fragment',
        'mutation { ...F } fragment F on Mutation { a: mark(text: "1") b: mark(text: "2") }',
      ],
      ['two operations', 'query A { ping } mutation B { mark(text: "x") }', 'B'],
      ['an operation that is not there', 'query A { ping }', 'B'],
      ['a field that is not there', '{ shutdown }'],
      ['a fragment within itself', '{ ...F } fragment F on Query { ...F }'],
      ['a thousand levels', nested(1_000)],
      ['five thousand fields', `{ ${Array.from({ length: 5_000 }, (_, n) => `a${n}: ping`).join(' ')} }`],
      ['a hundred kilobytes of comment', `{ ping } #${'x'.repeat(100_000)}`],
      ['a subscription to two things', 'subscription { silent count(to: 1) }'],
      ['a definition of its own', 'type Query { ping: Float } query { ping }'],
    ];

    it.each(documents)('%s', async (_what, query, operationName) => {
      const { envelope, signed } = sealed({ query, operationName: operationName ?? null });
      await expectRefused(link.operate(signed, envelope.id), 'DOCUMENT_INVALID');
    });

    it.each(['__schema { types { name } }', '__type(name: "Query") { name }'])('%s', async (field) => {
      const { envelope, signed } = sealed({ query: `{ ${field} }` });
      await expectRefused(link.operate(signed, envelope.id), 'SCOPE_DENIED');
    });

    it('variables that do not fit', async () => {
      const id = link.run({ query: 'mutation ($t: String!) { mark(text: $t) }', variables: { t: ['x'] } });
      await expect(link.answer(id)).resolves.toMatchObject({ code: 'INPUT_INVALID' });
      expect(bench.traces.marks).toEqual([]);
      await expectUsable();
    });
  });

  it('runs what was signed, whatever the message around it says', async () => {
    const { envelope, signed } = sealed({ query: '{ ping }' });
    const id = link.operate(signed, envelope.id, {
      query: mark,
      operationName: 'Evil',
      variables: { text: 'evil' },
    });
    await expect(link.answer(id)).resolves.toMatchObject({ data: { ping: expect.any(Number) } });
    expect(bench.traces.marks).toEqual([]);
  });

  it('takes no more than 256 operations at once, and goes on when some have ended', async () => {
    const ids = Array.from({ length: 256 }, () => link.run({ query: 'query { hang }' }));
    const { envelope, signed } = sealed();
    const refused = link.operate(signed, envelope.id);
    await expect(link.answer(refused)).resolves.toEqual({ code: 'TOO_MANY_OPERATIONS' });
    expect(bench.traces.marks).toEqual([]);
    for (const id of ids) link.send({ type: 'complete', id });
    await untilUsable();
  });

  it('leaves room for others beside 192 bulk streams', async () => {
    const query = 'subscription { bulk(pieces: 3, windowBytes: 1) }';
    const variables = { windowBytes: 1 };
    const ids = Array.from({ length: 192 }, () => link.run({ query, variables }));
    const { envelope, signed } = sealed({ query, variables });
    await expect(link.answer(link.operate(signed, envelope.id))).resolves.toEqual({
      code: 'TOO_MANY_OPERATIONS',
    });
    await expectUsable();
    for (const id of ids) link.send({ type: 'complete', id });
    await untilUsable();
  });

  it('sends nothing of a bulk stream without a window, whatever is granted', async () => {
    const query = 'subscription { bulk(pieces: 3, windowBytes: 1000000) }';
    const id = link.run({ query });
    link.send({ type: 'ping', payload: { grants: [{ streamId: id, bytes: 1_000_000 }] } });
    await expectUsable();
    expect(bench.traces.marks).toEqual([]);
    link.send({ type: 'complete', id });
    await expectUsable();
  });

  it('is not moved by grants that are none', async () => {
    const query = 'subscription ($windowBytes: Int!) { bulk(pieces: 9, windowBytes: $windowBytes) }';
    const id = link.run({ query, variables: { windowBytes: 16 * 1024 } });
    await link.inbox.next('next', id);
    const grants: readonly unknown[] = [
      null,
      { streamId: id },
      { streamId: id, bytes: -1 },
      { streamId: id, bytes: 0.5 },
      { streamId: id, bytes: 1e300 },
      { streamId: id, bytes: '65536' },
      { streamId: 'nobody', bytes: 65_536 },
    ];
    for (const payload of [{ grants }, { grants: {} }, { grants: 'all' }, {}])
      link.send({ type: 'ping', payload });
    link.send({ type: 'ping' });
    await expectUsable();
    expect(bench.traces.marks).toHaveLength(1);
    link.send({ type: 'ping', payload: { grants: [{ streamId: id, bytes: 16 * 1024 }] } });
    await link.inbox.next('next', id);
  });

  it('a change that is cancelled in the same breath is not made, and costs the link nothing', async () => {
    const { envelope, signed } = sealed();
    link.wire.cork();
    link.operate(signed, envelope.id);
    link.send({ type: 'complete', id: envelope.id });
    link.wire.uncork();
    await expectUsable();
    expect(bench.traces.marks).toEqual([]);
  });

  describe('frames that are no messages to an agent', () => {
    const frames: readonly (readonly [what: string, frame: string | Buffer, code: number])[] = [
      ['garbage', '{"type":', 4400],
      ['an empty frame', '', 4400],
      ['a binary frame', Buffer.from('{"type":"ping"}'), 4400],
      ['null', 'null', 4400],
      ['a list', '[]', 4400],
      ['no type', '{"id":"1"}', 4400],
      ['a type nobody knows', '{"type":"exec","id":"1"}', 4400],
      ['a result', '{"type":"next","id":"1","payload":{}}', 4400],
      ['an acknowledgement', '{"type":"connection_ack"}', 4400],
      ['an operation without an id', '{"type":"subscribe","payload":{"query":""}}', 4400],
      ['an operation whose id is a number', '{"type":"subscribe","id":1,"payload":{"query":""}}', 4400],
      ['an operation without a payload', '{"type":"subscribe","id":"1"}', 4400],
      ['a ping whose payload is a list', '{"type":"ping","payload":[]}', 4400],
      ['brackets a million deep', '['.repeat(1_000_000), 4400],
      [
        'a frame over 4 MB',
        JSON.stringify({ type: 'pong', payload: { x: 'x'.repeat(4 * 1024 * 1024) } }),
        1009,
      ],
    ];

    it.each(frames)(
      '%s ends the link; nothing behind it is run; the agent dials anew',
      async (_what, frame, code) => {
        const { envelope, signed } = sealed();
        link.wire.cork();
        link.socket.send(frame);
        link.operate(signed, envelope.id);
        link.wire.uncork();
        await expect(link.ended()).resolves.toMatchObject({ code });
        link = await bench.plane.link();
        await expectUsable();
        expect(bench.traces.marks).toEqual([]);
      },
    );

    it('text that is not UTF-8', async () => {
      link.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
      await expect(link.ended()).resolves.toMatchObject({ code: 1007 });
      await expect(bench.plane.link()).resolves.toBeDefined();
    });

    it('messages that are only odd change nothing', async () => {
      link.send({ type: 'pong' });
      link.send({ type: 'complete', id: 'nobody' });
      link.send({ type: 'complete', id: '__proto__' });
      await expectUsable();
    });
  });

  it('answers an operation called __proto__ like any other', async () => {
    await expect(link.answer(link.run({ id: '__proto__' }))).resolves.toMatchObject({
      data: expect.any(Object),
    });
  });

  it('leaves a control plane that stops reading in the middle of a stream', async () => {
    const done = Promise.withResolvers<void>();
    const id = link.run({ query: 'subscription { count(to: 100000) }' });
    await link.inbox.next('next', id);
    link.socket.pause();
    link.wire.destroy();
    link.socket.once('close', () => done.resolve());
    await within(done.promise, 'the end');
    await expect(bench.plane.link()).resolves.toBeDefined();
  });
});
