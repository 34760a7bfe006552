import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { fromBase64Url, publicKeyFromRaw, sha256 } from '@serverkit/wire/bytes.ts';
import { pinsOf } from '@serverkit/wire/control-keys.ts';
import {
  formatRegistrationToken,
  isRegistrationTokenId,
  makeRegistrationReply,
  verifyRegistrationRequest,
  type RegistrationAnswer,
  type RegistrationReply,
  type RegistrationRequest,
} from '@serverkit/wire/handshake.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import { newId, randomText } from '../ids.ts';
import type { ControlPlaneKeys } from '../secrets/identity-keys.ts';
import type { Vault } from '../secrets/vault.ts';
import { parseFacts } from './hello.ts';
import { versionText } from './records.ts';
import { createSignatureThrottle } from './signature-throttle.ts';

/** How long an invitation is good for, in milliseconds. */
export const tokenLifetimeMs = 24 * 60 * 60 * 1000;

export interface NewToken {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface Registrations {
  /**
   * Invites an agent for a server. Earlier invitations end; an agent that registered already stays until a new one
   * has taken its place.
   */
  create(tx: Prisma.TransactionClient, serverId: string, createdById: string | null): Promise<NewToken>;
  /**
   * Trades an invitation for an identity. The same key gets the same answer again, so a lost reply is safe to retry.
   *
   * @throws ServerKitError TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED or RATE_LIMITED
   */
  redeem(request: RegistrationRequest, address: string): Promise<RegistrationReply>;
  /** Takes away those that expired before then, but for the newest of each server. @returns how many */
  sweep(before: Date): Promise<number>;
}

export interface RegistrationOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly keys: ControlPlaneKeys;
  readonly audit: Audit;
  /** Called once a new key stands in the database, with the server whose agent it is now. */
  readonly registered: (serverId: string) => void;
  /** Something about the server is worth a look: a token was presented by a second key. */
  readonly alarmed: (serverId: string) => void;
}

const sealContext = (tokenId: string): string => `registration:${tokenId}`;

export function createRegistrations(options: RegistrationOptions): Registrations {
  const { db, vault, keys, audit } = options;
  const throttle = createSignatureThrottle();
  const pinned = (): Pick<RegistrationAnswer, 'keys' | 'keySet'> => {
    const { generation, serial } = keys.set;
    return { keys: pinsOf(keys.set), keySet: { generation, serial } };
  };

  async function prove(request: RegistrationRequest, address: string) {
    const invalid = () => {
      throttle.failed(address, request.tokenId);
      audit.refused({
        actor: { kind: 'anonymous', address },
        action: 'agent.register',
        code: 'TOKEN_INVALID',
      });
      return new ServerKitError(
        'TOKEN_INVALID',
        'This registration token is not valid. Copy the command again, or make a new token in the dashboard.',
      );
    };
    if (throttle.blocked(address, request.tokenId)) {
      throw new ServerKitError(
        'RATE_LIMITED',
        'Too many failed registrations with this token. Wait a minute.',
        {
          details: { retryAfterSeconds: 60 },
        },
      );
    }
    if (!isRegistrationTokenId(request.tokenId)) throw invalid();
    const row = await db.prisma.registrationToken.findUnique({
      where: { id: request.tokenId },
      include: { server: true },
    });
    if (!row) throw invalid();
    const macKey = vault.open(row.sealedKey, sealContext(row.id));
    if (!verifyRegistrationRequest(request, macKey) || !isPublicKey(request.publicKey)) throw invalid();
    throttle.succeeded(address, request.tokenId);
    return { row, macKey };
  }

  return {
    async create(tx, serverId, createdById) {
      const now = new Date();
      await tx.registrationToken.updateMany({
        where: { serverId, usedAt: null, revokedAt: null },
        data: { revokedAt: now },
      });
      const id = randomText(16);
      const secret = randomBytes(32);
      const expiresAt = new Date(now.getTime() + tokenLifetimeMs);
      await tx.registrationToken.create({
        data: {
          id,
          serverId,
          createdById,
          expiresAt,
          sealedKey: new Uint8Array(vault.seal(sha256(secret), sealContext(id))),
        },
      });
      return { token: formatRegistrationToken(id, secret), expiresAt };
    },

    sweep: (before) => db.prisma.$executeRaw`
      DELETE FROM "RegistrationToken" old WHERE "expiresAt" < ${before} AND EXISTS (
        SELECT 1 FROM "RegistrationToken" WHERE "serverId" = old."serverId" AND "createdAt" > old."createdAt")`,

    async redeem(request, address) {
      const { row, macKey } = await prove(request, address);
      const key = fromBase64Url(request.publicKey, 32) ?? Buffer.alloc(0);
      const actor: Actor = { kind: 'agent', id: row.serverId, label: row.server.name, address };

      if (row.usedAt) return repeated(row, key, actor, request, macKey);
      if (row.revokedAt) throw replacedToken();
      if (row.expiresAt.getTime() <= Date.now()) {
        throw new ServerKitError(
          'TOKEN_EXPIRED',
          `This registration token expired at ${row.expiresAt.toISOString()}. Make a new one in the dashboard.`,
        );
      }

      const answer: RegistrationAnswer = {
        v: 1,
        agentId: newId('agent'),
        serverId: row.serverId,
        name: row.server.name,
        ...pinned(),
        scopes: row.server.scopes,
      };
      try {
        await db.prisma.$transaction((tx) => redeemOnce(tx, { row, key, answer, request, address, actor }));
      } catch (error) {
        if (!isServerKitError(error, 'CONFLICT')) throw error;
        // Another request with the same token was faster; whose key it was decides what this one hears.
        const used = await db.prisma.registrationToken.findUniqueOrThrow({
          where: { id: row.id },
          include: { server: true },
        });
        if (!used.usedAt) throw replacedToken();
        return repeated(used, key, actor, request, macKey);
      }
      options.registered(row.serverId);
      return makeRegistrationReply(request, macKey, answer);
    },
  };

  async function redeemOnce(tx: Prisma.TransactionClient, use: Redemption): Promise<void> {
    const { row, key, answer, request, address, actor } = use;
    const now = new Date();
    const used = await tx.registrationToken.updateMany({
      where: { id: row.id, usedAt: null, revokedAt: null },
      data: {
        usedAt: now,
        usedByKey: new Uint8Array(key),
        usedFrom: address,
        answer: JSON.stringify(answer),
      },
    });
    if (used.count !== 1) throw new ServerKitError('CONFLICT', 'The token was used a moment ago.');
    const facts = parseFacts(readJson(request.facts));
    await tx.server.update({
      where: { id: row.serverId },
      data: {
        agentId: answer.agentId,
        agentKey: new Uint8Array(key),
        agentKeyAt: now,
        keySet: answer.keySet ? versionText(answer.keySet) : null,
        registeredAt: now,
        connection: 'connecting',
        lastError: null,
        localScopes: [...answer.scopes],
        ...(facts ? { facts, factsAt: now, agentVersion: facts.agentVersion } : {}),
      },
    });
    await audit.record(tx, {
      actor,
      action: 'agent.register',
      target: { kind: 'server', id: row.serverId, name: row.server.name },
      parameters: { agentId: answer.agentId, hostname: facts?.hostname ?? null },
    });
  }

  async function repeated(
    row: TokenRow,
    key: Buffer,
    actor: Actor,
    request: RegistrationRequest,
    macKey: Buffer,
  ): Promise<RegistrationReply> {
    const answer = readAnswer(row.answer);
    const { agentId, agentKey } = row.server;
    const [first, now] = [row.usedByKey, agentKey].map((raw) => raw !== null && Buffer.from(raw).equals(key));
    if ((first || now) && answer) {
      // With the keys of today on both sides; the one it registered with may have been replaced since.
      if (now && answer.agentId === agentId)
        return makeRegistrationReply(request, macKey, { ...answer, ...pinned() });
      throw new ServerKitError(
        'TOKEN_EXPIRED',
        'The agent that registered with this token was revoked or replaced since. Make a new token in the dashboard.',
      );
    }
    const when = row.usedAt?.toISOString() ?? 'an unknown time';
    const from = row.usedFrom ?? 'an unknown address';
    audit.refused({
      actor,
      action: 'agent.register',
      code: 'TOKEN_USED',
      target: { kind: 'server', id: row.serverId, name: row.server.name },
    });
    await db.prisma.server.updateMany({
      where: { id: row.serverId },
      data: {
        lastError: `A used registration token was presented again by another key, from ${'address' in actor ? actor.address : 'an unknown address'}.`,
      },
    });
    options.alarmed(row.serverId);
    throw new ServerKitError(
      'TOKEN_USED',
      `This registration token was used already: at ${when}, from ${from}. If that was not you, revoke the agent. For another machine, make a new token.`,
      { details: { usedAt: when, usedFrom: from } },
    );
  }
}

type TokenRow = Prisma.RegistrationTokenGetPayload<{ include: { server: true } }>;

interface Redemption {
  readonly row: TokenRow;
  readonly key: Buffer;
  readonly answer: RegistrationAnswer;
  readonly request: RegistrationRequest;
  readonly address: string;
  readonly actor: Actor;
}

function replacedToken(): ServerKitError {
  return new ServerKitError(
    'TOKEN_EXPIRED',
    'A newer registration token has replaced this one. Copy the newest command from the dashboard.',
  );
}

function isPublicKey(text: string): boolean {
  const raw = fromBase64Url(text, 32);
  if (!raw) return false;
  try {
    publicKeyFromRaw(raw);
    return true;
  } catch {
    return false;
  }
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}

const answerShape = z.object({
  v: z.literal(1),
  agentId: z.string(),
  serverId: z.string(),
  name: z.string(),
  keys: z.array(
    z.object({ id: z.string(), use: z.enum(['current', 'next', 'recovery']), publicKey: z.string() }),
  ),
  keySet: z.object({ generation: z.number(), serial: z.number() }).exactOptional(),
  scopes: z.array(z.string()),
}) satisfies z.ZodType<RegistrationAnswer>;

/** What we stored ourselves when the token was used. */
function readAnswer(value: Prisma.JsonValue): RegistrationAnswer | null {
  return typeof value === 'string' ? answerShape.parse(JSON.parse(value)) : null;
}
