import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { gql, openRig, type Rig } from './rig.ts';

const Echo = gql<{ echo: string }, { text: string }>('query Echo($text: String!) { echo(text: $text) }');
const Hang = gql<{ hang: boolean }>('query Hang { hang }');
const HangBefore = gql<{ hangBefore: boolean }>('mutation HangBefore { hangBefore }');
const Silent = gql<{ silent: boolean }>('subscription Silent { silent }');

const reading: Scope[] = ['system:metrics:read'];
const writing: Scope[] = ['docker:containers:write'];
const actor = 'test';

/** Every way in which a link can end, seen from either side. */
const ends: readonly (readonly [string, (rig: Rig, serverId: string) => void])[] = [
  ['close 1000 by the control plane', (rig, id) => rig.link(id).close(1000, 'bye')],
  ['close 1001 by the control plane', (rig, id) => rig.link(id).close(1001, 'going away')],
  ['close 4400 by the control plane', (rig, id) => rig.link(id).close(4400, 'protocol')],
  ['TCP reset', (rig) => rig.wires.at(-1)?.resetAndDestroy()],
  ['terminate', (rig) => rig.wires.at(-1)?.destroy()],
];

describe('operations in flight when the link ends', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  describe.each(ends)('%s', (_name, end) => {
    it('settles query, mutation and subscription, aborts them on the agent, and carries new work afterwards', async () => {
      const { serverId, link: agent } = await rig.join();
      const link = rig.link(serverId);
      const abortedBefore = rig.traces.aborted.length;
      const query = link.run(Hang, {}, { actor, scopes: [] });
      const mutation = link.run(HangBefore, {}, { actor, scopes: writing });
      const subscription = new Promise<unknown>((resolve) =>
        link.subscribe(Silent, {}, { actor, scopes: [] }, { next: () => undefined, end: resolve }),
      );
      const settled = Promise.allSettled([query, mutation, subscription]);
      await rig.until('all three are under way', () => rig.traces.waiting.size === 3);

      end(rig, serverId);

      const [q, m, s] = await settled;
      expect(q).toMatchObject({ status: 'rejected', reason: { code: 'OUTCOME_UNKNOWN' } });
      expect(m).toMatchObject({ status: 'rejected', reason: { code: 'OUTCOME_UNKNOWN' } });
      expect(s).toMatchObject({ status: 'fulfilled', value: { code: 'OUTCOME_UNKNOWN' } });
      await rig.until('the agent noticed', () => rig.traces.aborted.length === abortedBefore + 3);
      expect(rig.traces.waiting.size).toBe(0);

      // The dead link refuses at once instead of waiting for ever.
      await expect(link.run(Echo, { text: 'x' }, { actor, scopes: reading })).rejects.toMatchObject({
        code: 'AGENT_OFFLINE',
      });
      // And the agent comes back by itself.
      await rig.until('it is back', () => {
        const now = rig.agents.links.get(serverId);
        return now !== undefined && now !== link && !now.closed.aborted;
      });
      await expect(
        rig.link(serverId).run(Echo, { text: 'again' }, { actor, scopes: reading }),
      ).resolves.toEqual({ echo: 'again' });
      agent.stop();
      await agent.ended;
    });
  });

  it('cancels on the agent what the caller no longer wants', async () => {
    const { serverId } = await rig.join();
    const leaving = new AbortController();
    const query = rig.link(serverId).run(Hang, {}, { actor, scopes: [], signal: leaving.signal });
    await rig.until('it waits', () => rig.traces.waiting.size === 1);
    leaving.abort();
    await expect(query).rejects.toMatchObject({ code: 'CANCELLED' });
    await rig.until('the agent let go', () => rig.traces.waiting.size === 0);
  });

  it('times out without leaving the operation behind', async () => {
    const { serverId } = await rig.join();
    await expect(
      rig.link(serverId).run(Hang, {}, { actor, scopes: [], timeoutMs: 50 }),
    ).rejects.toMatchObject({
      code: 'AGENT_TIMEOUT',
    });
    await rig.until('the agent let go', () => rig.traces.waiting.size === 0);
  });

  it('opens and closes a thousand silent subscriptions and keeps nothing of them', async () => {
    const { serverId } = await rig.join();
    const link = rig.link(serverId);
    for (let n = 0; n < 1_000; n += 1) {
      const stream = link.subscribe(
        Silent,
        {},
        { actor, scopes: [] },
        { next: () => undefined, end: () => undefined },
      );
      if (n % 3 === 0) await rig.until('it runs', () => rig.traces.waiting.size > 0);
      stream.stop();
    }
    await expect(link.run(Echo, { text: 'still' }, { actor, scopes: reading })).resolves.toEqual({
      echo: 'still',
    });
    await rig.until('nothing waits', () => rig.traces.waiting.size === 0);
  });
});
