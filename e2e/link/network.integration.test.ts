import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { AgentLink } from '../../api/src/agents/link.ts';
import { eventually, within } from '../../testing/events.ts';
import { gql, openRig, type Rig } from './rig.ts';
import { openNetwork } from './tcp-proxy.ts';

const Ping = gql<{ ping: number }>('query Ping { ping }');
const Big = gql<{ big: string }, { characters: number }>(
  'query Big($characters: Int!) { big(characters: $characters) }',
);
const Hang = gql<{ hang: boolean }>('query Hang { hang }');
const Silent = gql<{ silent: boolean }>('subscription Silent { silent }');
const Bulk = gql<{ bulk: string }, { pieces: number; windowBytes: number }>(
  'subscription Bulk($pieces: Int!, $windowBytes: Int!) { bulk(pieces: $pieces, windowBytes: $windowBytes) }',
);
const call = { actor: 'test', scopes: [] };
const pace = { pingEveryMs: 200, silenceLimitMs: 1_000 };

describe('a network that loses everything in silence', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ pace: { ...pace, sweepEveryMs: 50 } });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  it('is given up by both sides; the server is shown as offline, and online again when it is back', async () => {
    await using network = await openNetwork(rig.url);
    const agent = await rig.join({ via: network.url, pace });
    const link = rig.link(agent.serverId);
    const streamed = Promise.withResolvers<unknown>();
    link.subscribe(Silent, {}, call, { next: () => undefined, end: streamed.resolve });
    const asked = link.run(Hang, {}, call);
    await rig.until('both are under way', () => rig.traces.waiting.size === 2);

    network.drop();
    await expect(asked).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(streamed.promise).resolves.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await rig.until('the agent let go as well', () => rig.traces.waiting.size === 0);
    expect(agent.states.map(({ state }) => state)).toContain('waiting');
    const shown = async () => (await rig.servers.get(agent.serverId)).connection;
    await eventually(async () => (await shown()) === 'offline', 'the server to be offline');
    const [session] = await rig.db.prisma.linkSession.findMany({ where: { serverId: agent.serverId } });
    expect(session).toMatchObject({ endCode: 1006, endReason: 'Silent for too long' });

    network.restore();
    await rig.until('it is back', () => rig.agents.links.get(agent.serverId) !== undefined);
    await expect(rig.link(agent.serverId).run(Ping, {}, call)).resolves.toBeDefined();
    expect(await shown()).toBe('online');
  });

  it('is told from one that is slow: a message that takes longer than the limit arrives', async () => {
    await using network = await openNetwork(rig.url, { bytesPerSecond: 400_000 });
    const agent = await rig.join({ via: network.url, pace });
    const link = rig.link(agent.serverId);
    const { big } = await link.run(Big, { characters: 1_000_000 }, call);
    expect(big).toHaveLength(1_000_000);
    expect(rig.link(agent.serverId)).toBe(link);
  });

  it('and from one where nobody has anything to say', async () => {
    const agent = await rig.join({ pace });
    const link = rig.link(agent.serverId);
    await sleep(2 * pace.silenceLimitMs);
    expect(rig.link(agent.serverId)).toBe(link);
    expect(agent.states.map(({ state }) => state)).toEqual(['connecting', 'online']);
  });
});

describe('a line of 20 Mbit/s and 100 ms there and back', () => {
  const line = { bytesPerSecond: 20_000_000 / 8, delayMs: 50 };
  const roundTripMs = 2 * line.delayMs;
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** A reader that takes everything at once, as fast as the line brings it. */
  function drain(link: AgentLink, windowBytes: number) {
    const state = { bytes: 0, stop: () => undefined as void };
    const stream = link.subscribe(Bulk, { pieces: 1_000_000, windowBytes }, call, {
      next({ bulk }) {
        state.bytes += bulk.length;
        stream.grant(bulk.length);
      },
      end: () => undefined,
    });
    return { state, stop: () => stream.stop() };
  }

  it.each([1, 6])('control messages are not held up by %i streams that want all of it', async (count) => {
    await using network = await openNetwork(rig.url, line);
    const agent = await rig.join({ via: network.url });
    const link = rig.link(agent.serverId);
    const streams = Array.from({ length: count }, () => drain(link, bulkWindowBytes));
    const received = () => streams.reduce((sum, { state }) => sum + state.bytes, 0);
    await within(
      eventually(() => received() > 1_000_000, 'the streams to be running'),
      'the first megabyte',
    );

    // What holds up the whole machine for a moment is none of the streams' doing: it is looked at again.
    await eventually(async () => {
      const before = { bytes: received(), at: performance.now() };
      const waits: number[] = [];
      while (waits.length < 30) {
        const asked = performance.now();
        await link.run(Ping, {}, call);
        waits.push(performance.now() - asked);
      }
      const seconds = (performance.now() - before.at) / 1_000;
      const rate = (received() - before.bytes) / seconds;
      const sorted = waits.toSorted((a, b) => a - b);
      expect(rate).toBeGreaterThan(line.bytesPerSecond / 2);
      // Without the link's own window six streams would make this 700 ms; the tail belongs to the machine.
      expect(sorted[15]).toBeLessThan(roundTripMs + 50);
      expect(sorted[26]).toBeLessThan(roundTripMs + 150);
      return true;
    }, 'control messages not to be held up');
    for (const { stop } of streams) stop();
  });
});
