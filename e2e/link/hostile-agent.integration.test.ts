import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { eventually } from '../../testing/events.ts';
import { dialRaw, type RawAgent } from './raw-agent.ts';
import { enrol, gql, openRig, type Rig } from './rig.ts';

const actor = 'test';
const call = { actor, scopes: [] };
const Ping = gql<{ ping: number }>('query Ping { ping }');
const Echo = gql<{ echo: string }, { text: string }>('query Echo($text: String!) { echo(text: $text) }');
const Silent = gql<{ silent: boolean }>('subscription Silent { silent }');
const protocolError = { code: 'AGENT_PROTOCOL_ERROR' };

describe('an agent that is who it says, and lies', () => {
  let rig: Rig;
  let serverId: string;
  let identity: LinkIdentity;
  let agent: RawAgent;
  beforeAll(async () => {
    rig = await openRig();
    const invited = await rig.invite();
    ({ serverId } = invited);
    identity = await enrol(rig.url, invited.token);
    agent = await join();
  });
  afterAll(async () => {
    agent.socket.terminate();
    await rig[Symbol.asyncDispose]();
  });

  async function join(): Promise<RawAgent> {
    const raw = await dialRaw(rig.url, identity);
    raw.acknowledge();
    await rig.until('the link', () => rig.agents.links.get(serverId) !== undefined);
    return raw;
  }

  /** Asks something and has the agent answer rightly, which proves that the link carries on. */
  async function expectUsable(): Promise<void> {
    const answer = rig.link(serverId).run(Ping, {}, call);
    const { id } = await agent.operation();
    agent.send({ type: 'next', id, payload: { data: { ping: 7 } } });
    agent.send({ type: 'complete', id });
    await expect(answer).resolves.toEqual({ ping: 7 });
  }

  describe('answers that make no sense end their own operation and nothing else', () => {
    const answers: readonly (readonly [what: string, message: Record<string, unknown>])[] = [
      ['no payload', { type: 'next' }],
      ['a payload that is a list', { type: 'next', payload: [] }],
      ['a payload that is text', { type: 'next', payload: 'data' }],
      ['neither data nor errors', { type: 'next', payload: {} }],
      ['data that is null', { type: 'next', payload: { data: null } }],
      ['data that is a list', { type: 'next', payload: { data: [{ echo: 'x' }] } }],
      ['a field left out', { type: 'next', payload: { data: {} } }],
      ['a field that is null', { type: 'next', payload: { data: { echo: null } } }],
      ['a number for text', { type: 'next', payload: { data: { echo: 5 } } }],
      ['an object for text', { type: 'next', payload: { data: { echo: { toString: 'x' } } } }],
      ['three million characters', { type: 'next', payload: { data: { echo: 'x'.repeat(3_000_000) } } }],
      ['errors that are text', { type: 'next', payload: { errors: 'no' } }],
      ['errors that are an object', { type: 'next', payload: { errors: {} } }],
      ['errors that are a number', { type: 'next', payload: { errors: 5 } }],
      ['errors that are null', { type: 'next', payload: { data: null, errors: null } }],
      ['no errors in the list', { type: 'next', payload: { errors: [] } }],
      ['an error that is null', { type: 'next', payload: { errors: [null] } }],
      ['an error without words', { type: 'next', payload: { errors: [{ message: 5 }] } }],
      [
        'an error with odd extensions',
        { type: 'next', payload: { errors: [{ message: '', extensions: 'x' }] } },
      ],
      [
        'an error whose code nobody knows',
        { type: 'error', payload: [{ message: 'x', extensions: { code: 'ROOT' } }] },
      ],
      [
        'an error whose code is no text',
        { type: 'error', payload: [{ message: 'x', extensions: { code: ['NOT_FOUND'] } }] },
      ],
      [
        'an error whose code is inherited',
        { type: 'error', payload: [{ message: 'x', extensions: { code: 'toString' } }] },
      ],
      ['an error without a list', { type: 'error', payload: { message: 'x' } }],
      ['an error without content', { type: 'error' }],
      ['an error that lists nothing', { type: 'error', payload: [] }],
      ['the end before any answer', { type: 'complete' }],
    ];

    it.each(answers)('%s', async (_what, message) => {
      const link = rig.link(serverId);
      const answer = link.run(Echo, { text: 'x' }, call);
      const { id } = await agent.operation();
      agent.send({ ...message, id });
      await expect(answer).rejects.toMatchObject(protocolError);
      await expectUsable();
      expect(rig.link(serverId)).toBe(link);
    });

    it('a million lists within each other', async () => {
      const answer = rig.link(serverId).run(Echo, { text: 'x' }, call);
      const { id } = await agent.operation();
      const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
      agent.sendRaw(`{"type":"next","id":"${id}","payload":{"data":{"echo":${deep}}}}`);
      await expect(answer).rejects.toMatchObject(protocolError);
      await expectUsable();
    });

    it('two answers to one question', async () => {
      const answer = rig.link(serverId).run(Echo, { text: 'x' }, call);
      const { id } = await agent.operation();
      agent.send({ type: 'next', id, payload: { data: { echo: 'one' } } });
      agent.send({ type: 'next', id, payload: { data: { echo: 'two' } } });
      agent.send({ type: 'complete', id });
      await expect(answer).rejects.toMatchObject(protocolError);
      await expectUsable();
    });

    it('one event of a stream ends that stream, and the agent is told', async () => {
      const seen: boolean[] = [];
      const [ended, other] = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
      const link = rig.link(serverId);
      link.subscribe(Silent, {}, call, { next: (data) => seen.push(data.silent), end: ended.resolve });
      const { id } = await agent.operation();
      link.subscribe(Silent, {}, call, { next: () => undefined, end: other.resolve });
      const { id: otherId } = await agent.operation();
      agent.send({ type: 'next', id, payload: { data: { silent: true } } });
      agent.send({ type: 'next', id, payload: { data: { silent: 'yes' } } });
      agent.send({ type: 'next', id, payload: { data: { silent: true } } });
      await expect(ended.promise).resolves.toMatchObject(protocolError);
      await expect(agent.inbox.next('complete', id)).resolves.toEqual({ type: 'complete', id });
      expect(seen).toEqual([true]);
      agent.send({ type: 'complete', id: otherId });
      await expect(other.promise).resolves.toBeUndefined();
    });
  });

  it('a reader that fails on an event ends its own stream, not the link', async () => {
    const ended = Promise.withResolvers<unknown>();
    rig.link(serverId).subscribe(Silent, {}, call, {
      next() {
        throw new Error('cannot use this');
      },
      end: ended.resolve,
    });
    const { id } = await agent.operation();
    agent.send({ type: 'next', id, payload: { data: { silent: true } } });
    await expect(ended.promise).resolves.toMatchObject({ code: 'INTERNAL' });
    await expectUsable();
  });

  it('its words are cut, and cleared of what steers a terminal or turns text around', async () => {
    const answer = rig.link(serverId).run(Echo, { text: 'x' }, call);
    const { id } = await agent.operation();
    const message = `\u001b]0;owned\u0007no\u0000\u202esuch \ud800container ${'x'.repeat(5_000)}`;
    agent.send({ type: 'error', id, payload: [{ message, extensions: { code: 'NOT_FOUND' } }] });
    const failure: unknown = await answer.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'NOT_FOUND', details: { agentCode: 'NOT_FOUND' } });
    const text = failure instanceof Error ? failure.message : '';
    expect(text).toMatch(/^\]0;owned no such {2}container x+$/);
    expect(text.length).toBeLessThanOrEqual(1_000);
    await expectUsable();
  });

  it('messages at the wrong time or about nothing change nothing', async () => {
    const nonsense: readonly unknown[] = [
      { type: 'connection_ack', payload: { payload: '{}', signature: 'x' } },
      { type: 'connection_ack' },
      { type: 'pong', payload: { grants: [{ streamId: 'x', bytes: 1 }] } },
      { type: 'next', id: 'nobody', payload: { data: { ping: 1 } } },
      { type: 'next', id: 7, payload: { data: { ping: 1 } } },
      { type: 'next', id: '__proto__', payload: {} },
      { type: 'next', payload: {} },
      { type: 'error', id: 'nobody', payload: [{ message: 'x' }] },
      { type: 'complete', id: 'nobody' },
      { type: 'complete', id: ['nobody'] },
    ];
    const link = rig.link(serverId);
    for (const message of nonsense) agent.send(message);
    await expectUsable();
    expect(rig.link(serverId)).toBe(link);
  });

  it('an answer after the end is not taken for another one’s', async () => {
    const leaving = new AbortController();
    const answer = rig.link(serverId).run(Echo, { text: 'x' }, { ...call, signal: leaving.signal });
    const { id } = await agent.operation();
    leaving.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
    await agent.inbox.next('complete', id);
    agent.send({ type: 'next', id, payload: { data: { echo: 'late' } } });
    agent.send({ type: 'complete', id });
    await expectUsable();
  });

  it('its pings are answered without their content, and not at all while it does not read', async () => {
    agent.send({ type: 'ping', payload: { echo: 'x'.repeat(1_000) } });
    await expect(agent.inbox.next('pong')).resolves.toEqual({ type: 'pong' });

    const wire = rig.wires.at(-1);
    agent.socket.pause();
    const big = JSON.stringify({ type: 'ping', payload: { echo: 'x'.repeat(1_000_000) } });
    for (let n = 0; n < 100; n += 1) agent.sendRaw(big);
    const before = wire?.bytesRead ?? 0;
    await eventually(() => (wire?.bytesRead ?? 0) - before > 90_000_000, 'all pings to arrive');
    expect(wire?.writableLength).toBeLessThan(100_000);
    agent.socket.resume();
    await expectUsable();
  });

  describe('what is no message of the protocol ends the link, and everything under way on it', () => {
    beforeEach(async () => {
      if (rig.agents.links.get(serverId)) return;
      agent = await join();
    });

    const frames: readonly (readonly [what: string, frame: string | Buffer])[] = [
      ['garbage', '}{'],
      ['a binary frame', Buffer.from('{"type":"pong"}')],
      ['a list', '[{"type":"pong"}]'],
      ['a message of no type', '{"id":"1"}'],
      ['a type nobody knows', '{"type":"shutdown"}'],
      ['a frame over 4 MB', JSON.stringify({ type: 'pong', payload: { x: 'x'.repeat(4 * 1024 * 1024) } })],
    ];

    it.each(frames)('%s', async (_what, frame) => {
      const link = rig.link(serverId);
      const answer = link.run(Ping, {}, call);
      await agent.operation();
      agent.sendRaw(frame);
      await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await agent.ended();
      await expect(link.run(Ping, {}, call)).rejects.toMatchObject({ code: 'AGENT_OFFLINE' });
      await eventually(
        async () => (await rig.servers.get(serverId)).connection === 'offline',
        'the server to be shown as offline',
      );
    });
  });
});
