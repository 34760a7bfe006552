import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approveSuccession,
  formatChain,
  makeSuccession,
  type ApprovedSuccession,
  type Succession,
} from '@serverkit/wire/agent-keys.ts';
import {
  generateSigningKey,
  keyIdOf,
  signBytes,
  toBase64Url,
  type SigningKey,
} from '@serverkit/wire/bytes.ts';
import { upgradeHeaders } from '@serverkit/wire/handshake.ts';
import { endpointOf } from '../../agent/src/link/endpoint.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { register } from '../../agent/src/link/register.ts';
import { eventually } from '../../testing/events.ts';
import { joinFromDisk, type DiskAgent } from './disk-agent.ts';
import { dialRaw, knock, type RawAgent } from './raw-agent.ts';
import { enrol, gql, openRig, type Rig } from './rig.ts';

const system = { kind: 'system', label: 'test' } as const;
const Ping = gql<{ ping: number }>('query Ping { ping }');

describe('the chain of an agent’s keys', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ pace: { rotationWaitMs: 5_000, aliveWithinMs: 300, comebackMs: 500 } });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** Rotates and waits for the agent to have given up its old key. */
  async function rotate(agent: DiskAgent): Promise<SigningKey> {
    await rig.agents.rotations.rotate(agent.serverId, system);
    await eventually(() => agent.keyring.rotationId === undefined, 'the agent to give up its old key');
    return agent.keyOnDisk();
  }

  async function isOnlineWith(agent: DiskAgent, key: SigningKey): Promise<void> {
    await eventually(async () => {
      const link = rig.agents.links.get(agent.serverId);
      await link?.run(Ping, {}, { actor: 'test', scopes: [], timeoutMs: 1_000 });
      return link !== undefined && keyIdOf(link.agentKey) === key.id;
    }, 'the agent with that key');
  }

  /** What the database says of a server's keys, to be put back later as a backup would. */
  async function backup({ serverId: id }: DiskAgent): Promise<() => Promise<void>> {
    const { prisma } = rig.db;
    const server = await prisma.server.findUniqueOrThrow({
      where: { id },
      select: { agentKey: true, agentKeyAt: true },
    });
    const rotations = await prisma.keyRotation.findMany({ where: { serverId: id } });
    return async () => {
      await prisma.$transaction([
        prisma.keyRotation.deleteMany({ where: { serverId: id } }),
        prisma.server.update({ where: { id }, data: server }),
        prisma.keyRotation.createMany({ data: rotations }),
      ]);
      await rig.crash();
    };
  }

  const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);
  const server = (id: string) => rig.servers.get(id);
  const alarms = (serverId: string) =>
    rig.db.prisma.auditEvent.findMany({ where: { serverId, code: 'CLONED' } });

  describe('leads a control plane whose database was put back', () => {
    it.each([1, 2, 3])('to the key that the agent holds after %i rotations', async (rotations) => {
      const agent = await joinFromDisk(rig);
      const first = agent.keyOnDisk();
      const putBack = await backup(agent);
      for (let n = 0; n < rotations; n += 1) await rotate(agent);
      const last = agent.keyOnDisk();
      await putBack();
      await isOnlineWith(agent, last);
      await expect(knock(rig.url, agent.identityWith(first))).resolves.toBe(401);
      await expect(
        rig.db.prisma.auditEvent.findMany({
          where: { serverId: agent.serverId, action: 'agent.keyRestored' },
        }),
      ).resolves.toMatchObject([{ parameters: { from: first.id, to: last.id } }]);
      await expect(rig.db.prisma.keyRotation.count({ where: { serverId: agent.serverId } })).resolves.toBe(
        rotations,
      );
      // And on it goes.
      await rotate(agent);
      await isOnlineWith(agent, agent.keyOnDisk());
    });

    it('to the middle of the rotation, which both then end', async () => {
      for (const state of ['asked', 'pending'] as const) {
        const agent = await joinFromDisk(rig);
        const rotation = await rig.db.prisma.keyRotation.create({
          data: {
            id: `rot_${state}_${agent.serverId}`,
            serverId: agent.serverId,
            agentId: agent.keyring.identity.agentId,
            oldKey: new Uint8Array(agent.keyOnDisk().publicRaw),
            openServerId: agent.serverId,
          },
        });
        const putBack = await backup(agent);
        await rig.agents.rotations.resume();
        await eventually(() => agent.keyring.identity.chain?.length === 1, 'the end of the rotation');
        const { newKey } = await rig.db.prisma.keyRotation.findUniqueOrThrow({ where: { id: rotation.id } });
        const key = agent.keyOnDisk();
        await putBack();
        if (state === 'pending') {
          await rig.db.prisma.keyRotation.update({
            where: { id: rotation.id },
            data: { newKey, signedByOld: '', signedByNew: '', pendingAt: new Date() },
          });
        }
        await isOnlineWith(agent, key);
        await expect(
          rig.db.prisma.keyRotation.findMany({ where: { serverId: agent.serverId } }),
        ).resolves.toMatchObject([{ openServerId: null, abandonedAt: null }]);
      }
    });

    it('that never heard of a rotation: the agent is told to give it up', async () => {
      const agent = await joinFromDisk(rig);
      const key = agent.keyOnDisk();
      agent.keyring.rotate('rot_forgotten', { agentKeyId: key.id, controlKey: rig.keys.current.publicRaw });
      rig.link(agent.serverId).close(4412, 'come back');
      await eventually(() => agent.keyring.rotationId === undefined, 'the agent to give up the new key');
      await isOnlineWith(agent, key);
      await expect(agent.leftovers()).resolves.toEqual([]);
    });

    it('but not whoever stole the key of that time, without the approvals', async () => {
      const agent = await joinFromDisk(rig);
      const stolen = agent.keyOnDisk();
      const thief = generateSigningKey();
      const owner = agent.keyring.identity;
      const step = makeSuccession(owner, 'rot_theft', stolen, thief);
      const forged = (approvedBy: SigningKey, changes: Partial<Succession> = {}): ApprovedSuccession => ({
        ...step,
        ...changes,
        approval: approveSuccession(approvedBy, owner, step),
      });
      const knockWith = (chain: ApprovedSuccession) =>
        knock(rig.url, agent.identityWith(thief), {
          address: `10.7.0.${Math.floor(Math.random() * 250)}`,
          headers: { [upgradeHeaders.chain]: formatChain([chain]) },
        });
      await expect(knockWith(forged(thief))).resolves.toBe(401);
      await expect(
        knockWith({
          ...forged(thief),
          approval: { keyId: rig.keys.current.id, signature: forged(thief).approval.signature },
        }),
      ).resolves.toBe(401);
      await expect(knockWith(forged(stolen))).resolves.toBe(401);
      // With our own approval, which we gave to nobody, it would be let in: the check is the approval and nothing else.
      await expect(knockWith(forged(rig.keys.current))).resolves.toBe(101);
      await expect(knockWith(forged(rig.keys.current, { signedByOld: step.signedByNew }))).resolves.toBe(401);
    });
  });

  describe('shows a copy', () => {
    it('that calls with a key which was replaced: refused, and people are told', async () => {
      const agent = await joinFromDisk(rig);
      const old = agent.keyOnDisk();
      await rotate(agent);
      await expect(knock(rig.url, agent.identityWith(old), { address: '10.8.0.1' })).resolves.toBe(401);
      const { lastError } = await eventually(async () => {
        const row = await server(agent.serverId);
        return row.lastError !== null && row;
      }, 'the alarm');
      expect(lastError).toMatch(/called from 10\.8\.0\.1 with the key that was replaced/);
      await rig.audit.flush();
      await expect(alarms(agent.serverId)).resolves.toMatchObject([
        { actorKind: 'agent', address: '10.8.0.1' },
      ]);
      await isOnlineWith(agent, agent.keyOnDisk());
    });

    it('but is silent about keys that were never anybody’s', async () => {
      const agent = await joinFromDisk(rig);
      await rotate(agent);
      await expect(knock(rig.url, agent.identityWith(generateSigningKey()))).resolves.toBe(401);
      await rig.audit.flush();
      await expect(alarms(agent.serverId)).resolves.toEqual([]);
    });
  });

  describe('takes only steps that both keys signed', () => {
    /** An agent made by hand, in the middle of being asked for its next key. */
    async function asked(): Promise<{
      raw: RawAgent;
      identity: LinkIdentity;
      id: string;
      rotationId: string;
      ended: Promise<unknown>;
    }> {
      const { serverId, token } = await rig.invite();
      const identity = await enrol(rig.url, token);
      const raw = await dialRaw(rig.url, identity);
      raw.acknowledge();
      await rig.until('its link', () => rig.agents.links.get(serverId) !== undefined);
      const ended = rig.agents.rotations.rotate(serverId, system).catch((error: unknown) => error);
      const { id, variables } = await raw.operation();
      return { raw, identity, id, rotationId: String(variables['rotationId']), ended };
    }

    const next = generateSigningKey();
    const stranger = generateSigningKey();
    type Change = (step: Succession, own: LinkIdentity) => Succession;
    const junk = toBase64Url(signBytes(stranger, Buffer.from('anything')));
    it.each<readonly [string, Change]>([
      ['signed by the old key alone', (step) => ({ ...step, signedByNew: junk })],
      ['signed by the new key alone', (step) => ({ ...step, signedByOld: junk })],
      ['signed by nobody', (step) => ({ ...step, signedByOld: '', signedByNew: '' })],
      ['for another rotation', (_step, own) => makeSuccession(own, 'rot_other', own.key, next)],
      [
        'for another agent',
        (step, own) => makeSuccession({ ...own, agentId: 'agt_2' }, step.rotationId, own.key, next),
      ],
      ['from another key', (step, own) => makeSuccession(own, step.rotationId, stranger, next)],
      ['to the same key', (step, own) => makeSuccession(own, step.rotationId, own.key, own.key)],
    ])('not one %s', async (_what, change) => {
      const { raw, identity, id, rotationId, ended } = await asked();
      const step = change(makeSuccession(identity, rotationId, identity.key, next), identity);
      raw.send({ type: 'next', id, payload: { data: { rotateKey: step } } });
      raw.send({ type: 'complete', id });
      await expect(ended).resolves.toMatchObject({ code: 'AGENT_PROTOCOL_ERROR' });
      raw.socket.terminate();
      await expect(
        rig.db.prisma.keyRotation.findUnique({ where: { id: rotationId } }),
      ).resolves.toMatchObject({
        openServerId: null,
        newKey: null,
        promotedAt: null,
      });
      await expect(knock(rig.url, { ...identity, key: next })).resolves.toBe(401);
    });

    it('and then the new key alone, once it has linked', async () => {
      const { raw, identity, id, rotationId, ended } = await asked();
      raw.send({
        type: 'next',
        id,
        payload: { data: { rotateKey: makeSuccession(identity, rotationId, identity.key, next) } },
      });
      raw.send({ type: 'complete', id });
      await expect(raw.ended()).resolves.toMatchObject({ code: 4412 });
      // Until then either may call.
      await expect(knock(rig.url, identity, { address: '10.8.1.1' })).resolves.toBe(101);
      using fresh = await dialRaw(rig.url, { ...identity, key: next });
      fresh.acknowledge({ keyRotation: rotationId });
      await ended;
      await expect(knock(rig.url, identity, { address: '10.8.1.1' })).resolves.toBe(401);
      const { query, variables } = await fresh.operation();
      expect(query).toContain('adoptKey');
      expect(variables).toMatchObject({ rotationId, approvedBy: rig.keys.current.id });
    });
  });

  it('gives a rotation up that nobody ends', async () => {
    const agent = await joinFromDisk(rig);
    const key = agent.keyOnDisk();
    agent.running.link.stop();
    await agent.running.link.ended;
    await rig.until('it to leave', () => rig.agents.links.get(agent.serverId) === undefined);
    const next = generateSigningKey();
    const { id } = await rig.db.prisma.keyRotation.create({
      data: {
        id: `rot_late_${agent.serverId}`,
        serverId: agent.serverId,
        agentId: agent.keyring.identity.agentId,
        oldKey: new Uint8Array(key.publicRaw),
        newKey: new Uint8Array(next.publicRaw),
        pendingAt: secondsAgo(0),
        openServerId: agent.serverId,
      },
    });
    await expect(knock(rig.url, agent.identityWith(next))).resolves.toBe(101);
    await rig.db.prisma.keyRotation.update({ where: { id }, data: { askedAt: secondsAgo(25 * 60 * 60) } });
    await expect(knock(rig.url, agent.identityWith(next))).resolves.toBe(401);
    await rig.agents.rotations.resume();
    await expect(rig.db.prisma.keyRotation.findUnique({ where: { id } })).resolves.toMatchObject({
      openServerId: null,
      reason: 'It took too long',
    });
    await agent.start();
    await isOnlineWith(agent, key);
  });

  it('goes on from a reply that was lost with the link', async () => {
    let cut = true;
    const agent = await joinFromDisk(rig, {
      onStep(step) {
        if (step !== 'after rotate' || !cut) return;
        cut = false;
        for (const wire of rig.wires.splice(0)) wire.destroy();
      },
    });
    const before = agent.keyOnDisk();
    const after = await rotate(agent);
    expect(after.id).not.toBe(before.id);
    expect(agent.everyKey.size).toBe(2);
    await isOnlineWith(agent, after);
  });

  it('does not keep the registration from being asked for again', async () => {
    const { serverId, token } = await rig.invite();
    const endpoint = endpointOf({ server: rig.url, insecure: false });
    const identity = await enrol(rig.url, token);
    const next = generateSigningKey();
    await rig.db.prisma.server.update({
      where: { id: serverId },
      data: { agentKey: new Uint8Array(next.publicRaw) },
    });
    await expect(register(endpoint, token, next, '{}')).resolves.toMatchObject({ agentId: identity.agentId });
    await expect(register(endpoint, token, identity.key, '{}')).rejects.toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
    await expect(register(endpoint, token, generateSigningKey(), '{}')).rejects.toMatchObject({
      code: 'TOKEN_USED',
    });
  });
});
