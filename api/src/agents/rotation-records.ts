import type { KeyRotation, Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Succession } from '@serverkit/wire/agent-keys.ts';
import { keyIdOf } from '@serverkit/wire/bytes.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';

export type { KeyRotation };

/** A rotation that has not ended after this long is given up. Milliseconds. */
const lifetimeMs = 24 * 60 * 60 * 1000;

/** An agent that was asked this often and never came back with its new key is left alone. */
const maxAttempts = 5;

export function isExpired({ askedAt, attempts }: KeyRotation, now = Date.now()): boolean {
  return now - askedAt.getTime() > lifetimeMs || attempts > maxAttempts;
}

/** The rows behind key rotations. Each change is one transaction with its line in the audit. */
export interface RotationRecords {
  /** Puts the wish on record, or finds the one that is there. @throws ServerKitError NOT_FOUND, CONFLICT */
  begin(serverId: string, actor: Actor): Promise<KeyRotation>;
  find(id: string): Promise<KeyRotation | null>;
  /** Those that have not ended. */
  open(): Promise<KeyRotation[]>;
  /** Counts that the agent is asked. @returns false when it has ended meanwhile */
  attempt(id: string): Promise<boolean>;
  /** From now on the agent may link with its new key. @returns false when it has ended meanwhile */
  accept(rotation: KeyRotation, step: Succession, newKey: Buffer): Promise<boolean>;
  /** @param reason - a sentence */
  abandon(rotation: KeyRotation, reason: string): Promise<void>;
}

const system: Actor = { kind: 'system', label: 'key rotation' };

export function createRotationRecords({ prisma }: Database, audit: Audit): RotationRecords {
  return {
    async begin(serverId, actor) {
      return prisma.$transaction(async (tx) => {
        // Two who ask at once: the second one finds what the first one began.
        await tx.$executeRaw`SELECT 1 FROM "Server" WHERE "id" = ${serverId} FOR UPDATE`;
        const server = await tx.server.findUnique({ where: { id: serverId } });
        if (!server) throw notFound('server', serverId);
        if (!server.agentId || !server.agentKey) {
          throw new ServerKitError('CONFLICT', 'No agent has joined this server yet, so there is no key.');
        }
        const open = await tx.keyRotation.findUnique({ where: { openServerId: serverId } });
        const same =
          open?.agentId === server.agentId && Buffer.from(open.oldKey).equals(Buffer.from(server.agentKey));
        if (open && same && !isExpired(open)) return open;
        if (open) await end(tx, open, 'Another agent registered, or it took too long');
        const { id, agentId, oldKey } = {
          id: newId('rotation'),
          agentId: server.agentId,
          oldKey: server.agentKey,
        };
        const begun = await tx.keyRotation.create({
          data: { id, serverId, agentId, oldKey, openServerId: serverId },
        });
        await record(tx, begun, 'agent.rotateKey', actor);
        return begun;
      });
    },
    find: (id) => prisma.keyRotation.findUnique({ where: { id } }),
    open: () =>
      prisma.keyRotation.findMany({ where: { openServerId: { not: null } }, orderBy: { askedAt: 'asc' } }),
    async attempt(id) {
      const { count } = await prisma.keyRotation.updateMany({
        where: { id, openServerId: { not: null } },
        data: { attempts: { increment: 1 } },
      });
      return count === 1;
    },
    accept: (rotation, step, newKey) =>
      prisma.$transaction(async (tx) => {
        const { count } = await tx.keyRotation.updateMany({
          where: { id: rotation.id, openServerId: rotation.serverId },
          data: {
            newKey: new Uint8Array(newKey),
            signedByOld: step.signedByOld,
            signedByNew: step.signedByNew,
            pendingAt: new Date(),
          },
        });
        if (count === 0) return false;
        await record(tx, { ...rotation, newKey: new Uint8Array(newKey) }, 'agent.keyPending', system);
        return true;
      }),
    abandon: (rotation, reason) => prisma.$transaction((tx) => end(tx, rotation, reason)),
  };

  async function end(tx: Prisma.TransactionClient, rotation: KeyRotation, reason: string): Promise<void> {
    const { count } = await tx.keyRotation.updateMany({
      where: { id: rotation.id, openServerId: { not: null } },
      data: { openServerId: null, abandonedAt: new Date(), reason: reason.slice(0, 500) },
    });
    if (count > 0) await record(tx, rotation, 'agent.keyRotationAbandoned', system, reason);
  }

  async function record(
    tx: Prisma.TransactionClient,
    { id, serverId, oldKey, newKey }: KeyRotation,
    action: string,
    actor: Actor,
    reason?: string,
  ): Promise<void> {
    const server = await tx.server.findUnique({ where: { id: serverId }, select: { name: true } });
    await audit.record(tx, {
      actor,
      action,
      target: { kind: 'server', id: serverId, ...(server ? { name: server.name } : {}) },
      ...(reason === undefined ? {} : { outcome: 'failed' as const }),
      parameters: {
        rotationId: id,
        from: keyIdOf(oldKey),
        ...(newKey ? { to: keyIdOf(newKey) } : {}),
        ...(reason === undefined ? {} : { reason: reason.slice(0, 500) }),
      },
    });
  }
}
