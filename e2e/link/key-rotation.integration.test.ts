import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyIdOf, type SigningKey } from '@serverkit/wire/bytes.ts';
import type { KeyringStep } from '../../agent/src/identity/keyring.ts';
import type { RotationStep } from '../../api/src/agents/rotations.ts';
import { eventually } from '../../testing/events.ts';
import { joinFromDisk, type DiskAgent } from './disk-agent.ts';
import { knock } from './raw-agent.ts';
import { gql, openRig, type Rig } from './rig.ts';

const system = { kind: 'system', label: 'test' } as const;
const Ping = gql<{ ping: number }>('query Ping { ping }');

/** Where a side is killed: each place before and after something becomes durable there. */
const agentSteps = [
  'before rotate',
  'after rotate',
  'before adopt',
  'before swap',
  'after swap',
  'after adopt',
] as const satisfies readonly KeyringStep[];
const planeSteps = [
  'begun',
  'answered',
  'pending',
  'claiming',
  'claimed',
  'promoted',
  'adopted',
] as const satisfies readonly (RotationStep | 'claiming' | 'claimed')[];
type PlaneStep = (typeof planeSteps)[number];

describe('replacing the key of an agent', () => {
  let rig: Rig;
  /** What happens at the next step of each kind, once. */
  const atAgent = new Map<KeyringStep, (agent: DiskAgent) => void>();
  const atPlane = new Map<PlaneStep, () => Promise<void>>();
  const never = new Promise<never>(() => undefined);
  let addresses = 0;

  async function plane(step: PlaneStep): Promise<void> {
    const happens = atPlane.get(step);
    atPlane.delete(step);
    await happens?.();
  }

  /** Wraps the transaction that takes a link, of the process that runs now. */
  function watchClaims(): void {
    const { records } = rig.agents;
    const claim = records.claim.bind(records);
    vi.spyOn(records, 'claim').mockImplementation(async (agent, how, ...rest) => {
      if (how.as !== 'current') await plane('claiming');
      const claimed = await claim(agent, how, ...rest);
      if (how.as !== 'current') await plane('claimed');
      return claimed;
    });
  }

  beforeAll(async () => {
    rig = await openRig({
      pace: { rotationWaitMs: 3_000, aliveWithinMs: 300, comebackMs: 500 },
      rotationStep: plane,
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    atAgent.clear();
    atPlane.clear();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const join = (): Promise<DiskAgent> =>
    joinFromDisk(rig, {
      onStep(step, agent) {
        const happens = atAgent.get(step);
        atAgent.delete(step);
        happens?.(agent);
      },
    });

  /** kill -9 of the control plane, which goes no further; another one starts on what it left. */
  async function killPlane(): Promise<never> {
    await rig.crash();
    watchClaims();
    return never;
  }

  const accepted = async (agent: DiskAgent, key: SigningKey): Promise<boolean> => {
    addresses += 1;
    const address = `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`;
    return (await knock(rig.url, agent.identityWith(key), { address })) === 101;
  };

  const serverKey = async ({ serverId }: DiskAgent): Promise<string> =>
    keyIdOf((await rig.servers.get(serverId)).agentKey ?? new Uint8Array());

  const open = ({ serverId }: DiskAgent) =>
    rig.db.prisma.keyRotation.findUnique({ where: { openServerId: serverId } });

  /** What the control plane does then. A killed one does it no further. */
  function minutePasses(): void {
    rig.agents.rotations.resume().catch(() => undefined);
  }

  /** The rotation that was begun has ended on both sides, and neither is at work at it. */
  async function isOver(agent: DiskAgent): Promise<boolean> {
    const { serverId } = agent;
    const wasBegun = (await rig.db.prisma.keyRotation.count({ where: { serverId } })) > 0;
    if (!wasBegun || (await open(agent)) !== null) return false;
    const link = rig.agents.links.get(serverId);
    return (
      rig.agents.rotations.busy === 0 &&
      link?.closed.aborted === false &&
      agent.keyring.rotationId === undefined
    );
  }

  /** However it went: the agent is online by itself, and exactly one of all the keys there ever were opens anything. */
  async function expectOneKey(agent: DiskAgent): Promise<void> {
    await eventually(async () => {
      minutePasses();
      return (await open(agent)) === null;
    }, 'the end of the rotation');
    await eventually(async () => {
      const link = rig.agents.links.get(agent.serverId);
      if (!link || link.closed.aborted || agent.keyring.rotationId !== undefined) return false;
      await link.run(Ping, {}, { actor: 'test', scopes: [], timeoutMs: 1_000 });
      return keyIdOf(link.agentKey) === agent.keyOnDisk().id;
    }, 'the agent with its key');
    await expect(agent.leftovers()).resolves.toEqual([]);
    await expect(serverKey(agent)).resolves.toBe(agent.keyOnDisk().id);
    const good: string[] = [];
    for (const [id, key] of agent.everyKey) if (await accepted(agent, key)) good.push(id);
    expect(good).toEqual([agent.keyOnDisk().id]);
  }

  it('leaves it with one new key; the old one is dead, and both ends know why', async () => {
    const agent = await join();
    const before = agent.keyOnDisk();
    await rig.agents.rotations.rotate(agent.serverId, {
      kind: 'user',
      id: 'usr_1',
      label: 'a@b',
      address: '',
    });
    await expectOneKey(agent);
    const after = agent.keyOnDisk();
    expect(after.id).not.toBe(before.id);
    expect(agent.keyring.identity.chain).toMatchObject([{ oldKey: before.publicRaw.toString('base64url') }]);
    const events = await rig.db.prisma.auditEvent.findMany({
      where: { serverId: agent.serverId, action: { startsWith: 'agent.' }, code: null },
      orderBy: { id: 'asc' },
    });
    expect(events.slice(1)).toMatchObject([
      { action: 'agent.rotateKey', actorKind: 'user', parameters: { from: before.id } },
      { action: 'agent.keyPending', actorKind: 'system', parameters: { from: before.id, to: after.id } },
      { action: 'agent.keyPromoted', actorKind: 'agent', parameters: { from: before.id, to: after.id } },
    ]);
  });

  it('can be done again and again, also by two at once', async () => {
    const agent = await join();
    for (let n = 0; n < 3; n += 1) {
      await Promise.all([1, 2].map(() => rig.agents.rotations.rotate(agent.serverId, system)));
      await expectOneKey(agent);
    }
    expect(agent.keyring.identity.chain).toHaveLength(agent.everyKey.size - 1);
  });

  it('needs an agent, and one that is online', async () => {
    const { serverId } = await rig.invite();
    await expect(rig.agents.rotations.rotate(serverId, system)).rejects.toMatchObject({
      code: 'AGENT_OFFLINE',
    });
    const agent = await join();
    agent.running.link.stop();
    await rig.until('it to leave', () => rig.agents.links.get(agent.serverId) === undefined);
    await expect(rig.agents.rotations.rotate(agent.serverId, system)).rejects.toMatchObject({
      code: 'AGENT_OFFLINE',
    });
  });

  it('fails when the agent cannot write its key, and changes nothing', async () => {
    const agent = await join();
    const before = agent.keyOnDisk().id;
    atAgent.set('before rotate', () => {
      throw new Error('ENOSPC: no space left on device');
    });
    await expect(rig.agents.rotations.rotate(agent.serverId, system)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.not.stringContaining('ENOSPC'),
    });
    await expectOneKey(agent);
    expect(agent.keyOnDisk().id).toBe(before);
  });

  describe('with one side killed', () => {
    it.each(agentSteps)('the agent, %s', async (step) => {
      const agent = await join();
      const killed = Promise.withResolvers<void>();
      atAgent.set(step, (dying) => {
        dying.kill();
        killed.resolve();
      });
      rig.agents.rotations.rotate(agent.serverId, system).catch(() => undefined);
      await killed.promise;
      await agent.start();
      await expectOneKey(agent);
    });

    it.each(planeSteps)('the control plane, when it has %s', async (step) => {
      const agent = await join();
      watchClaims();
      atPlane.set(step, killPlane);
      rig.agents.rotations.rotate(agent.serverId, system).catch(() => undefined);
      await eventually(() => !atPlane.has(step), 'the kill');
      await expectOneKey(agent);
    });
  });

  describe.each(planeSteps)('with the control plane killed when it has %s', (planeStep) => {
    it.each(agentSteps)('and the agent %s, whichever comes first', async (agentStep) => {
      const agent = await join();
      watchClaims();
      atPlane.set(planeStep, killPlane);
      const killed = Promise.withResolvers<void>();
      atAgent.set(agentStep, (dying) => {
        dying.kill();
        killed.resolve();
      });
      // Killed, each is started again, and the rotation goes on until the other one is killed as well.
      const revived = killed.promise.then(() => agent.start());
      void rig.agents.rotations.rotate(agent.serverId, system).catch(() => undefined);
      await eventually(
        async () => {
          minutePasses();
          // A step that a kill on the other side made impossible is no longer to come when all has come to rest.
          return (!atPlane.has(planeStep) && !atAgent.has(agentStep)) || (await isOver(agent));
        },
        'both kills, or the end of the rotation',
        { limit: 60_000 },
      );
      atPlane.clear();
      atAgent.delete(agentStep);
      killed.resolve();
      await revived;
      await expectOneKey(agent);
    });
  });
});
