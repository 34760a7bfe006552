import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLinkInit, type LinkInit } from '@serverkit/wire/handshake.ts';
import { openBench, type Bench } from './agent-bench.ts';
import { altered, type AgentCall, type RawControlPlane } from './raw-control-plane.ts';

describe('a control plane that cannot prove itself to the agent', () => {
  let bench: Bench;
  let plane: RawControlPlane;
  beforeEach(async () => {
    bench = await openBench();
    ({ plane } = bench);
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const signed = (call: AgentCall, changes: Partial<typeof call.facts> = {}): LinkInit =>
    makeLinkInit(plane.keys.current, { ...call.facts, ...changes });

  const inits: readonly (readonly [what: string, init: (call: AgentCall) => unknown])[] = [
    ['nothing', () => undefined],
    ['an empty object', () => ({})],
    ['a key that is not pinned', (call) => makeLinkInit(plane.keys.stranger, call.facts)],
    [
      'a pinned key’s name over a stranger’s signature',
      (call) => altered(makeLinkInit(plane.keys.stranger, call.facts), { keyId: plane.keys.current.id }),
    ],
    ['another server’s id', (call) => signed(call, { serverId: 'srv_other' })],
    ['another agent’s id', (call) => signed(call, { agentId: 'agt_other' })],
    ['the key of another agent', (call) => signed(call, { agentKey: plane.keys.stranger.publicRaw })],
    ['a challenge signed for another call', (call) => signed(call, { agentNonce: call.facts.challenge })],
    ['scopes widened after signing', (call) => altered(signed(call, { scopes: [] }), { scopes: ['*'] })],
    ['another contract than was signed', (call) => altered(signed(call), { contract: '9.9' })],
    [
      'another challenge than was signed',
      (call) => altered(signed(call), { challenge: call.facts.agentNonce }),
    ],
    ['a short challenge, well signed', (call) => signed(call, { challenge: 'c2hvcnQ' })],
    ['scopes that are no list', (call) => altered(signed(call), { scopes: '*' })],
    ['scopes that are no texts', (call) => altered(signed(call), { scopes: [['*']] })],
    ['another version', (call) => altered(signed(call), { v: 2 })],
    ['a signature that is no text', (call) => altered(signed(call), { signature: { length: 64 } })],
    [
      'a signature with something behind it',
      (call) => altered(signed(call), { signature: `${signed(call).signature}A` }),
    ],
  ];

  it.each(inits)('%s: the agent says nothing of itself and leaves', async (_what, init) => {
    const call = await plane.call();
    call.init(init(call));
    await expect(call.ended()).resolves.toMatchObject({ code: 4401 });
    expect(call.inbox.all).toEqual([]);
    expect(bench.agent.states.map(({ state }) => state)).not.toContain('online');
    // It tries again, and takes the right one.
    await expect(plane.link()).resolves.toBeDefined();
  });

  it('a proof recorded from an earlier call is worth nothing in the next', async () => {
    const first = await plane.call();
    const recorded = signed(first);
    first.socket.terminate();
    const second = await plane.call();
    second.init(recorded);
    await expect(second.ended()).resolves.toMatchObject({ code: 4401 });
  });

  it('its recovery key is for new keys, and opens no link', async () => {
    const call = await plane.call();
    call.init(makeLinkInit(plane.keys.recovery, call.facts));
    await expect(call.ended()).resolves.toMatchObject({ code: 4401 });
  });

  it('its next key is pinned and serves as well', async () => {
    const call = await plane.call();
    call.init(makeLinkInit(plane.keys.next, call.facts));
    await expect(call.inbox.next('connection_ack')).resolves.toBeDefined();
  });

  it('a revocation from a stranger is not believed, however it comes', async () => {
    const first = await plane.call();
    first.socket.close(4403, 'revoked');
    const second = await plane.call();
    second.init({});
    // Its answer to our goodbye says revoked.
    second.socket.close(4403, 'revoked');
    await expect(plane.link()).resolves.toBeDefined();
    expect(bench.agent.states.map(({ state }) => state)).not.toContain('stopped');
  });

  it('a revocation from the control plane itself is final', async () => {
    const link = await plane.link();
    link.socket.close(4403, 'This agent was revoked');
    await expect(bench.agent.link.ended).resolves.toBe('revoked');
    expect(bench.agent.states.at(-1)).toEqual({ state: 'stopped', reason: 'This agent was revoked' });
  });

  it('one that never says a word is left, and called again', async () => {
    // Not the others, which a busy machine may hold up for longer.
    await using hasty = await openBench({ pace: { initTimeoutMs: 2_000 } });
    const call = await hasty.plane.call();
    await expect(call.ended()).resolves.toMatchObject({ code: 4408 });
    await expect(hasty.plane.link()).resolves.toBeDefined();
  });

  it('operations before the handshake are not run', async () => {
    const call = await plane.call();
    call.send({ type: 'subscribe', id: '1', payload: { query: 'mutation { mark(text: "x") }' } });
    await expect(call.ended()).resolves.toMatchObject({ code: 4401 });
    expect(bench.traces.marks).toEqual([]);
  });

  it('a second handshake on the same link ends it', async () => {
    const link = await plane.link();
    link.init(makeLinkInit(plane.keys.current, link.facts));
    await expect(link.ended()).resolves.toMatchObject({ code: 4429 });
  });

  it.each([
    ['an error', 'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n'],
    [
      'a redirect elsewhere',
      'HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
    ],
    ['a page', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['nothing', ''],
  ])('%s instead of an upgrade is survived', async (_what, answer) => {
    const met = plane.answerNextWith(answer);
    (await plane.call()).socket.terminate();
    await met;
    await expect(plane.link()).resolves.toBeDefined();
  });
});
