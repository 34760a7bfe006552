import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { keyIdOf } from '@serverkit/wire/bytes.ts';
import type { KeySetVersion } from '@serverkit/wire/control-keys.ts';
import type { AgentHello } from '@serverkit/wire/handshake.ts';
import type { Database } from '../database/database.ts';
import { newId } from '../ids.ts';
import type { Audit } from '../audit/service.ts';
import { parseFacts } from './hello.ts';
import { recordPromotion, type LetIn } from './recognise.ts';

/** What the database knows of a server when its agent calls. */
export interface KnownAgent {
  readonly serverId: string;
  readonly serverNumber: number;
  readonly name: string;
  readonly agentId: string;
  readonly agentKey: Buffer;
  readonly scopes: readonly string[];
}

export interface LinkEnd {
  readonly linkId: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly code: number;
  readonly reason: string;
  /** The state the server is in until it is back. */
  readonly connection: 'offline' | 'connecting' | 'pending';
}

/** A link that became its server's own. */
export interface Claim {
  readonly linkId: string;
  readonly epoch: number;
}

/** The rows behind the links: which agent is known, which link counts, how each one ended. */
export interface LinkRecords {
  find(agentId: string): Promise<KnownAgent | null>;
  /**
   * Makes a proven link the server's: takes the next epoch and stores what the agent said of itself.
   *
   * With a key that was not the agent's own yet, that key is from now on its only one, in the same transaction.
   *
   * @returns `revoked` when the agent is no longer this server's, `changed` when the scopes that both sides signed in
   *   the handshake are no longer the server's, or the key no longer the agent's
   */
  claim(
    agent: KnownAgent,
    how: LetIn,
    hello: AgentHello,
    address: string,
  ): Promise<Claim | 'revoked' | 'changed'>;
  /** @returns whether the link that ended was still the server's newest */
  end(end: LinkEnd): Promise<boolean>;
  setError(serverId: string, message: string): Promise<void>;
  /** After a start nobody is linked yet. @returns the servers that were online and should come back */
  sweep(): Promise<string[]>;
  /** Takes away links that ended before then. @returns how many */
  forgetLinks(before: Date): Promise<number>;
  /** Declares those still connecting offline. @returns which were */
  giveUp(serverIds: readonly string[]): Promise<string[]>;
}

export function createLinkRecords({ prisma }: Database, audit: Audit): LinkRecords {
  return {
    async find(agentId) {
      const server = await prisma.server.findUnique({ where: { agentId } });
      if (!server?.agentKey) return null;
      return {
        serverId: server.id,
        serverNumber: server.number,
        name: server.name,
        agentId,
        // Lives as long as the link: a slice of Node's pool would keep the 64 KB around it alive.
        agentKey: Buffer.from(Uint8Array.from(server.agentKey).buffer),
        scopes: server.scopes,
      };
    },
    claim(agent, how, hello, address) {
      const { serverId: id, agentId } = agent;
      const own = { id, agentId };
      const agentKey = new Uint8Array(agent.agentKey);
      return prisma
        .$transaction(async (tx) => {
          const claimed = await tx.server.updateManyAndReturn({
            where: { ...own, agentKey, scopes: { equals: [...agent.scopes] } },
            data: {
              ...helloFields(hello),
              linkEpoch: { increment: 1 },
              ...(how.as === 'current'
                ? {}
                : { agentKey: new Uint8Array(how.newKey), agentKeyAt: new Date() }),
            },
            select: { linkEpoch: true },
          });
          const [row] = claimed;
          if (!row) return (await tx.server.count({ where: own })) === 0 ? 'revoked' : 'changed';
          if (how.as !== 'current') {
            if (!(await recordPromotion(tx, agent, how))) throw new Overtaken();
            await audit.record(tx, {
              actor: { kind: 'agent', id: agentId, label: agent.name, address },
              action: how.as === 'pending' ? 'agent.keyPromoted' : 'agent.keyRestored',
              target: { kind: 'server', id, name: agent.name },
              parameters: { from: keyIdOf(agent.agentKey), to: keyIdOf(how.newKey) },
            });
          }
          const link = await tx.linkSession.create({
            data: {
              id: newId('link'),
              serverId: agent.serverId,
              epoch: row.linkEpoch,
              address,
              agentVersion: hello.version,
              machineId: hello.machineId,
            },
            select: { id: true },
          });
          return { linkId: link.id, epoch: row.linkEpoch };
        })
        .catch((error: unknown) => {
          if (error instanceof Overtaken) return 'changed' as const;
          throw error;
        });
    },
    async end({ linkId, serverId, epoch, code, reason, connection }) {
      const now = new Date();
      const [, changed] = await prisma.$transaction([
        prisma.linkSession.updateMany({
          where: { id: linkId, endedAt: null },
          data: { endedAt: now, endCode: code, endReason: reason.slice(0, 300) },
        }),
        prisma.server.updateMany({
          where: { id: serverId, linkEpoch: epoch, connection: 'online' },
          data: { connection, lastSeenAt: now },
        }),
      ]);
      return changed.count > 0;
    },
    async setError(serverId, message) {
      await prisma.server.updateMany({ where: { id: serverId }, data: { lastError: message.slice(0, 500) } });
    },
    async forgetLinks(before) {
      const { count } = await prisma.linkSession.deleteMany({ where: { endedAt: { lt: before } } });
      return count;
    },
    async sweep() {
      const now = new Date();
      const [, , back] = await prisma.$transaction([
        prisma.linkSession.updateMany({
          where: { endedAt: null },
          data: { endedAt: now, endReason: 'The control plane stopped' },
        }),
        prisma.server.updateMany({ where: { connection: 'online' }, data: { connection: 'connecting' } }),
        prisma.server.findMany({ where: { connection: 'connecting' }, select: { id: true } }),
      ]);
      return back.map(({ id }) => id);
    },
    async giveUp(serverIds) {
      const gone = await prisma.server.updateManyAndReturn({
        where: { id: { in: [...serverIds] }, connection: 'connecting' },
        data: { connection: 'offline' },
        select: { id: true },
      });
      return gone.map(({ id }) => id);
    },
  };
}

/** The rotation that let an agent in ended while it shook hands: nothing of its claim may stand. */
class Overtaken extends Error {}

function helloFields(hello: AgentHello): Prisma.ServerUpdateManyMutationInput {
  const facts = parseFacts(hello.facts);
  const now = new Date();
  return {
    connection: 'online',
    lastSeenAt: now,
    lastError: null,
    agentVersion: hello.version,
    localScopes: [...hello.localScopes],
    clockSkewMs: clampInt(hello.wallMs - now.getTime()),
    ...(hello.keySet ? { keySet: versionText(hello.keySet) } : {}),
    ...(facts ? { facts, factsAt: now } : {}),
  };
}

/** How the version of a key set is stored, to be compared and no more. */
export function versionText({ generation, serial }: KeySetVersion): string {
  return `${generation}.${serial}`;
}

/** Into the range of a 32-bit column: 24 days of skew say enough. */
function clampInt(value: number): number {
  return Math.max(-2_147_483_648, Math.min(2_147_483_647, Math.round(value)));
}
