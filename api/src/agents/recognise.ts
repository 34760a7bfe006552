import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import {
  followChain,
  parseChain,
  type ApprovedSuccession,
  type KeyOwner,
} from '@serverkit/wire/agent-keys.ts';
import { publicKeyFromRaw } from '@serverkit/wire/bytes.ts';
import { verifyUpgradeProof, type UpgradeProof } from '@serverkit/wire/handshake.ts';
import type { Database } from '../database/database.ts';
import type { ControlPlaneKeys } from '../secrets/identity-keys.ts';
import type { KnownAgent } from './records.ts';
import { isExpired } from './rotation-records.ts';

/** By which of its keys an agent is let in, or not. */
export type Recognition = LetIn | TurnedAway;

export type LetIn =
  | { readonly as: 'current' }
  /** With the key that a rotation is about to put in place. */
  | { readonly as: 'pending'; readonly rotationId: string; readonly newKey: Buffer }
  /** With a key that a chain of approved steps leads to from the one we know: the database was put back. */
  | { readonly as: 'successor'; readonly steps: readonly ApprovedSuccession[]; readonly newKey: Buffer };

type TurnedAway =
  /** With a key that was replaced: whoever calls is a copy. */
  { readonly as: 'retired'; readonly since: Date } | { readonly as: 'nobody' };

export interface Recogniser {
  /** @param chain - what the agent showed of its chain of keys, if it did */
  recognise(agent: KnownAgent, proof: UpgradeProof, chain: string): Promise<Recognition>;
}

/** Retired keys that are looked at: an older copy than that is told as little as a stranger. */
const retiredKeys = 5;

export function createRecogniser({ prisma }: Database, keys: ControlPlaneKeys): Recogniser {
  const proves = (proof: UpgradeProof, key: Uint8Array): boolean =>
    verifyUpgradeProof(proof, publicKeyFromRaw(key));

  async function pending({ serverId, agentId, agentKey }: KnownAgent, proof: UpgradeProof) {
    const open = await prisma.keyRotation.findUnique({ where: { openServerId: serverId } });
    if (!open?.newKey || open.agentId !== agentId || isExpired(open)) return undefined;
    if (!agentKey.equals(open.oldKey) || !proves(proof, open.newKey)) return undefined;
    return { as: 'pending', rotationId: open.id, newKey: Buffer.from(open.newKey) } as const;
  }

  function successor(agent: KnownAgent, proof: UpgradeProof, text: string): Recognition | undefined {
    const chain = text === '' ? null : parseChain(text);
    const owner: KeyOwner = { agentId: agent.agentId, serverId: agent.serverId };
    const steps = chain && followChain(owner, agent.agentKey, chain, (keyId) => keys.publicKeyOf(keyId));
    const last = steps?.at(-1);
    if (!steps || !last) return undefined;
    const newKey = Buffer.from(last.newKey, 'base64url');
    return proves(proof, newKey) ? { as: 'successor', steps, newKey } : undefined;
  }

  async function retired({ agentId }: KnownAgent, proof: UpgradeProof): Promise<Recognition | undefined> {
    const steps = await prisma.keyRotation.findMany({
      where: { agentId, promotedAt: { not: null } },
      orderBy: { promotedAt: 'desc' },
      take: retiredKeys,
    });
    const since = steps.find(({ oldKey }) => proves(proof, oldKey))?.promotedAt;
    return since ? { as: 'retired', since } : undefined;
  }

  return {
    async recognise(agent, proof, chain) {
      if (proves(proof, agent.agentKey)) return { as: 'current' };
      return (
        (await pending(agent, proof)) ??
        successor(agent, proof, chain) ??
        (await retired(agent, proof)) ?? { as: 'nobody' }
      );
    },
  };
}

/** The key an agent is let in with. */
export function keyOf({ agentKey }: KnownAgent, how: LetIn): Buffer {
  return how.as === 'current' ? agentKey : how.newKey;
}

/**
 * Kills the old key and puts the one that the agent proved to hold in its place, with the links of the chain in between;
 * part of the transaction that makes its link the server's.
 *
 * @returns false when what let the agent in no longer holds
 */
export async function recordPromotion(
  tx: Prisma.TransactionClient,
  { agentId, serverId, agentKey }: KnownAgent,
  how: LetIn,
): Promise<boolean> {
  if (how.as === 'current') return true;
  const now = new Date();
  const promoted = { promotedAt: now, openServerId: null };
  if (how.as === 'pending') {
    const { count } = await tx.keyRotation.updateMany({
      where: {
        id: how.rotationId,
        openServerId: serverId,
        oldKey: new Uint8Array(agentKey),
        newKey: new Uint8Array(how.newKey),
      },
      data: promoted,
    });
    return count === 1;
  }
  await tx.keyRotation.updateMany({
    where: { openServerId: serverId },
    data: { openServerId: null, abandonedAt: now, reason: 'The agent had gone further already' },
  });
  for (const step of how.steps) {
    const keys = {
      oldKey: Uint8Array.from(Buffer.from(step.oldKey, 'base64url')),
      newKey: Uint8Array.from(Buffer.from(step.newKey, 'base64url')),
      signedByOld: step.signedByOld,
      signedByNew: step.signedByNew,
    };
    const ended = { ...keys, ...promoted, abandonedAt: null, reason: null };
    await tx.keyRotation.upsert({
      where: { id: step.rotationId },
      create: { id: step.rotationId, serverId, agentId, ...ended },
      update: ended,
    });
  }
  return true;
}
