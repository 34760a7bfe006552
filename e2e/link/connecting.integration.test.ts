import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSigningKey } from '@serverkit/wire/bytes.ts';
import { noRights } from '../../api/src/access/rights.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { eventually } from '../../testing/events.ts';
import { openBench } from './agent-bench.ts';
import { dialRaw, knock, type RawAgent } from './raw-agent.ts';
import { enrol, gql, openRig, type Rig } from './rig.ts';

const Ping = gql<{ ping: number }>('query Ping { ping }');
const Mark = gql<{ mark: boolean }>('mutation Mark { mark(text: "x") }');
const call = { actor: 'test', scopes: [] };
const system = { kind: 'system', label: 'test' } as const;

describe('connecting an agent', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ pace: { aliveWithinMs: 2_000, comebackMs: 500 } });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const server = (id: string) => rig.servers.get(id);
  const isShown = (id: string, connection: string) =>
    eventually(async () => (await server(id)).connection === connection, `the server to be ${connection}`);
  const sessions = (serverId: string) =>
    rig.db.prisma.linkSession.findMany({ where: { serverId }, orderBy: { epoch: 'asc' } });

  async function register(): Promise<{ serverId: string; identity: LinkIdentity }> {
    const { serverId, token } = await rig.invite();
    return { serverId, identity: await enrol(rig.url, token) };
  }

  async function linkRaw(identity: LinkIdentity, hello = {}): Promise<RawAgent> {
    const before = rig.agents.links.get(identity.serverId);
    const raw = await dialRaw(rig.url, identity);
    raw.acknowledge(hello);
    await rig.until('the raw link', () => {
      const now = rig.agents.links.get(identity.serverId);
      return now !== undefined && now !== before;
    });
    return raw;
  }

  describe('that is not who it says', () => {
    it('is refused alike whether the agent or the key is unknown', async () => {
      const { identity } = await register();
      await expect(knock(rig.url, identity)).resolves.toBe(101);
      await expect(knock(rig.url, { ...identity, key: generateSigningKey() })).resolves.toBe(401);
      await expect(knock(rig.url, { ...identity, agentId: 'agt_nobody' })).resolves.toBe(401);
    });

    it('is slowed down where it stands; the agent elsewhere, and its neighbours, are not', async () => {
      const { identity } = await register();
      const { identity: neighbour } = await register();
      const forged = { ...identity, key: generateSigningKey() };
      const answers: number[] = [];
      for (let n = 0; n < 8; n += 1) answers.push(await knock(rig.url, forged, { address: '10.2.0.1' }));
      expect(answers).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
      await expect(knock(rig.url, identity, { address: '10.2.0.2' })).resolves.toBe(101);
      await expect(knock(rig.url, neighbour, { address: '10.2.0.1' })).resolves.toBe(101);
    });
  });

  describe('that was cut off', () => {
    it('a revoked one loses its link at once and does not come back', async () => {
      const agent = await rig.join();
      await rig.servers.revokeAgent(agent.serverId, system);
      await expect(agent.link.ended).resolves.toBe('revoked');
      await expect(knock(rig.url, agent.identity)).resolves.toBe(401);
      expect((await server(agent.serverId)).connection).toBe('pending');
    });

    it('that of a deleted server as well', async () => {
      const agent = await rig.join();
      await rig.servers.delete(agent.serverId, { actor: system, rights: noRights });
      await expect(agent.link.ended).resolves.toBe('revoked');
      await expect(knock(rig.url, agent.identity)).resolves.toBe(401);
      expect(rig.agents.links.get(agent.serverId)).toBeUndefined();
    });

    it('one in the middle of its handshake as well', async () => {
      const { serverId, identity } = await register();
      using raw = await dialRaw(rig.url, identity);
      await rig.servers.revokeAgent(serverId, system);
      await expect(raw.ended()).resolves.toMatchObject({ code: 4403 });
    });

    it('one whose handshake began before another process revoked it as well', async () => {
      const { serverId, identity } = await register();
      using raw = await dialRaw(rig.url, identity);
      await rig.db.prisma.server.update({ where: { id: serverId }, data: { agentId: null, agentKey: null } });
      raw.acknowledge();
      await expect(raw.ended()).resolves.toMatchObject({ code: 4403 });
      expect(rig.agents.links.get(serverId)).toBeUndefined();
    });
  });

  describe('twice', () => {
    it('on two machines: the second is refused, the first stays, and people are told', async () => {
      const first = await rig.join({ machineId: 'machine-1' });
      const link = rig.link(first.serverId);
      using second = await dialRaw(rig.url, first.identity, { address: '10.3.0.1' });
      second.acknowledge({ machineId: 'machine-2' });
      await expect(second.ended()).resolves.toMatchObject({ code: 4410 });
      expect(rig.link(first.serverId)).toBe(link);
      await expect(link.run(Ping, {}, call)).resolves.toBeDefined();
      const { lastError } = await eventually(async () => {
        const row = await server(first.serverId);
        return row.lastError !== null && row;
      }, 'the alarm');
      expect(lastError).toContain('A second machine (10.3.0.1)');
      await rig.audit.flush();
      await expect(
        rig.db.prisma.auditEvent.findMany({ where: { serverId: first.serverId, code: 'CLONED' } }),
      ).resolves.toMatchObject([{ outcome: 'refused', actorKind: 'agent', address: '10.3.0.1' }]);
    });

    it('on a copy of one machine, with its machine id: refused as well', async () => {
      const first = await rig.join({ machineId: 'machine-1' });
      using second = await dialRaw(rig.url, first.identity);
      second.acknowledge({ machineId: 'machine-1' });
      await expect(second.ended()).resolves.toMatchObject({ code: 4410 });
    });

    it('in the same moment: one of them stays', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { serverId, identity } = await register();
        const agents = await Promise.all(
          ['machine-1', 'machine-2', 'machine-3'].map((machineId) => rig.start(identity, { machineId })),
        );
        const refused = () =>
          agents.filter(({ states }) =>
            states.some(({ reason }) => reason === 'Another agent holds this key and is online'),
          );
        await rig.until('two to be refused', () => refused().length === 2);
        await expect(sessions(serverId)).resolves.toMatchObject([{ endedAt: null }]);
        await expect(rig.link(serverId).run(Ping, {}, call)).resolves.toBeDefined();
        for (const { link } of agents) link.stop();
      }
    });

    it('because the first is only half open: the new link takes its place, and the old one’s end changes nothing', async () => {
      const { serverId, identity } = await register();
      // Registered and linked, but it answers nothing any more.
      using mute = await linkRaw(identity);
      const epoch = rig.link(serverId).epoch;
      using fresh = await linkRaw(identity);
      await expect(mute.ended()).resolves.toMatchObject({ code: 4409 });
      expect(rig.link(serverId).epoch).toBe(epoch + 1);
      const [first, second] = await eventually(async () => {
        const rows = await sessions(serverId);
        return rows[0]?.endedAt != null && rows;
      }, 'the end of the first link');
      expect(first).toMatchObject({
        epoch,
        endCode: 4409,
        endReason: 'A newer link of this agent took over',
      });
      expect(second).toMatchObject({ epoch: epoch + 1, endedAt: null });
      expect((await server(serverId)).connection).toBe('online');
      fresh.socket.close(1001);
      await isShown(serverId, 'offline');
    });
  });

  it('whose clock is three hours off links, works, and is told about', async () => {
    const threeHours = 3 * 60 * 60 * 1000;
    const agent = await rig.join({ clockAheadMs: -threeHours });
    await expect(
      rig.link(agent.serverId).run(Mark, {}, { actor: 'test', scopes: ['docker:containers:write'] }),
    ).resolves.toEqual({ mark: true });
    const { clockSkewMs, connection } = await server(agent.serverId);
    expect(connection).toBe('online');
    expect(Math.abs((clockSkewMs ?? 0) + threeHours)).toBeLessThan(60_000);
  });

  it('that leaves in the moment it is taken is not shown as online', async () => {
    const { serverId, identity } = await register();
    for (let round = 0; round < 10; round += 1) {
      using raw = await dialRaw(rig.url, identity);
      raw.acknowledge();
      raw.socket.close(1001);
      await raw.ended();
    }
    await eventually(async () => {
      const rows = await sessions(serverId);
      return rows.every(({ endedAt }) => endedAt !== null);
    }, 'the ends of all links');
    expect((await server(serverId)).connection).not.toBe('online');
    expect(rig.agents.links.get(serverId)).toBeUndefined();
  });

  describe('whose permissions change', () => {
    const narrow = { profile: 'custom', scopes: ['docker:containers:read'] } as const;

    it('is sent back to sign for them, and then holds them', async () => {
      const agent = await rig.join();
      const before = rig.link(agent.serverId);
      expect(before.scopes.has('system:terminal')).toBe(true);
      await rig.servers.update(agent.serverId, narrow, system);
      await rig.until('it is back', () => {
        const now = rig.agents.links.get(agent.serverId);
        return now !== undefined && now !== before;
      });
      expect([...rig.link(agent.serverId).scopes]).toEqual(['docker:containers:read']);
      const [first] = await sessions(agent.serverId);
      expect(first).toMatchObject({ endCode: 4412, endReason: 'The permissions of this server changed' });
      const denied = rig
        .link(agent.serverId)
        .run(Mark, {}, { actor: 'test', scopes: ['docker:containers:write'] });
      await expect(denied).rejects.toMatchObject({ code: 'AGENT_REFUSED' });
    });

    it('in the middle of its handshake is sent back as well', async () => {
      const { serverId, identity } = await register();
      using raw = await dialRaw(rig.url, identity);
      await rig.servers.update(serverId, narrow, system);
      await expect(raw.ended()).resolves.toMatchObject({ code: 4412 });
    });

    it('by another process, in the middle of its handshake, is sent back as well', async () => {
      const { serverId, identity } = await register();
      using raw = await dialRaw(rig.url, identity);
      await rig.db.prisma.server.update({ where: { id: serverId }, data: { scopes: [...narrow.scopes] } });
      raw.acknowledge();
      await expect(raw.ended()).resolves.toMatchObject({ code: 4412 });
      expect(rig.agents.links.get(serverId)).toBeUndefined();
      using again = await linkRaw(identity);
      expect(again.facts.scopes).toEqual(narrow.scopes);
    });
  });

  describe('to a control plane that restarts', () => {
    it('is told before, shown as connecting, and comes back', async () => {
      const agent = await rig.join();
      const { identity } = await register();
      using arriving = await dialRaw(rig.url, identity);
      const restarted = rig.restart();
      await expect(arriving.ended()).resolves.toMatchObject({ code: 1012 });
      await expect(knock(rig.url, agent.identity)).resolves.toBe(503);
      await restarted;
      await rig.until('it is back', () => rig.agents.links.get(agent.serverId) !== undefined);
      const [first] = await sessions(agent.serverId);
      expect(first).toMatchObject({ endCode: 1012, endReason: 'The control plane restarts' });
      await expect(rig.link(agent.serverId).run(Ping, {}, call)).resolves.toBeDefined();
    });

    it('comes back when it died without a word, too; who does not is offline in the end', async () => {
      const agent = await rig.join();
      const { serverId, identity } = await register();
      using raw = await linkRaw(identity);
      await rig.crash();
      await raw.ended();
      await rig.until('it is back', () => rig.agents.links.get(agent.serverId) !== undefined);
      await isShown(serverId, 'offline');
      expect((await server(agent.serverId)).connection).toBe('online');
    });
  });

  describe('again and again', () => {
    it('waits longer each time, until it is really taken; much longer for what only people can mend', async () => {
      const asked: string[] = [];
      const ask = (what: string) => (): number => {
        asked.push(what);
        return 0;
      };
      await using bench = await openBench({
        backoff: {
          next: ask('next'),
          soon: ask('soon'),
          late: ask('late'),
          reset: () => void ask('reset')(),
          wait: () => Promise.resolve(),
        },
      });
      const { plane } = bench;
      (await plane.call()).socket.terminate();
      (await plane.call()).socket.close(1012);
      const unproven = await plane.call();
      unproven.socket.close(4412);
      // Proven, but nothing was ever asked: it may be one that is about to be refused.
      (await plane.link()).socket.close(4401);
      (await plane.link()).socket.close(4410, 'cloned');
      const taken = await plane.link();
      await taken.answer(taken.run({}));
      taken.socket.close(1001);
      (await plane.link()).socket.close(1012);
      (await plane.link()).socket.close(4412);
      await plane.call();
      expect(asked).toEqual(['next', 'next', 'next', 'next', 'late', 'reset', 'next', 'soon', 'soon']);
    });
  });
});
