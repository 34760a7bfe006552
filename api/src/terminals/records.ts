import type { OpenTerminal, Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import { protocolError } from '../agents/agent-errors.ts';
import type { AgentLink, Agents, AgentStream } from '../agents/link.ts';
import { storedActor, type Actor } from '../audit/actor.ts';
import type { Audit, AuditEntry, AuditTarget } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { notFound } from '../errors.ts';
import type { TerminalNewsSubscription } from '../generated/agent/graphql.ts';
import { errorCode } from '../startup-error.ts';
import { TerminalNewsDocument } from './operations.ts';
import { storedTarget } from './target.ts';

type News = TerminalNewsSubscription['news'];
type Ended = News['ended'][number];

/** Told of at once: an agent has 24 open and remembers 64 that have ended. */
const maxTold = 256;
/** Of the id of a terminal, which we made ourselves. Characters. */
const longestId = 64;
/** That wait for the database, all that was told together: more come only from one that invents them. */
const maxWaiting = 1_024;

/** Who opened what, where. */
export interface Opening {
  readonly id: string;
  readonly serverId: string;
  readonly actor: Actor;
  readonly target: AuditTarget;
}

export interface RecordsOptions {
  readonly db: Database;
  readonly audit: Audit;
  readonly agents: Agents;
  readonly log: Logger;
  /** Told of each that is gone, as often as its agent says so. */
  readonly onEnd: (serverId: string, terminalId: string) => Promise<void>;
}

/**
 * Puts the end of every terminal on record: when it ended, why, and how long it was open, whoever looks at it then and
 * whatever became of the link or of us meanwhile. Agents are listened to once they had a terminal.
 */
export class TerminalRecords {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #agents: Agents;
  readonly #log: Logger;
  readonly #onEnd: RecordsOptions['onEnd'];
  readonly #streams = new Map<string, AgentStream>();
  /** Terminals whose agent may not know them yet. */
  readonly #opening = new Set<string>();
  /** Servers with terminals: those of before our start are read once. */
  #servers: Promise<Set<string>> | undefined;

  constructor({ db, audit, agents, log, onEnd }: RecordsOptions) {
    this.#db = db;
    this.#audit = audit;
    this.#agents = agents;
    this.#log = log;
    this.#onEnd = onEnd;
    agents.onUp((link) => {
      this.#again(link).catch((error: unknown) => this.#failed(error, link.serverId));
    });
  }

  /**
   * Calls `open` once it is stored that there may be a terminal.
   *
   * @throws ServerKitError NOT_FOUND, and what `open` throws
   */
  async opening<T>({ id, serverId, actor, target }: Opening, open: () => Promise<T>): Promise<T> {
    const { openTerminal } = this.#db.prisma;
    this.#opening.add(id);
    try {
      await openTerminal
        .create({ data: { id, serverId, actor: { ...actor }, target: { ...target } } })
        .catch((error: unknown) => {
          // P2003: the foreign key points nowhere.
          throw errorCode(error) === 'P2003' ? notFound('server', serverId) : error;
        });
      const opened = await open().catch(async (error: unknown) => {
        // Should it be open all the same, the agent ends it within a minute: nobody knows its id.
        await openTerminal.deleteMany({ where: { id } });
        throw error;
      });
      (await this.#known()).add(serverId);
      const link = this.#agents.get(serverId);
      if (link) this.#listen(link);
      return opened;
    } finally {
      this.#opening.delete(id);
    }
  }

  #known(): Promise<Set<string>> {
    this.#servers ??= this.#db.prisma.openTerminal
      .findMany({ distinct: ['serverId'], select: { serverId: true } })
      .then((rows) => new Set(rows.map(({ serverId }) => serverId)));
    return this.#servers;
  }

  /** On a fresh link: whatever was open there may have ended meanwhile. */
  async #again(link: AgentLink): Promise<void> {
    if ((await this.#known()).has(link.serverId) && !link.closed.aborted) this.#listen(link);
  }

  #listen(link: AgentLink): void {
    const { serverId } = link;
    if (this.#streams.has(serverId)) return;
    let turn = Promise.resolve();
    let waiting = 0;
    const stream = link.subscribe(
      TerminalNewsDocument,
      {},
      { actor: 'system', scopes: [] },
      {
        next: ({ news }) => {
          const weight = weightOf(news);
          if (waiting + weight > maxWaiting) throw protocolError('more ends of terminals than there can be');
          waiting += weight;
          turn = turn
            .then(() => this.#heard(serverId, news))
            .catch((error: unknown) => this.#failed(error, serverId))
            .finally(() => (waiting -= weight));
        },
        // The next link, and the next terminal, has a stream of its own.
        end: (error) => {
          this.#streams.delete(serverId);
          if (error && !link.closed.aborted)
            this.#log.warn({ err: error, serverId }, 'the ends of terminals are not told any more');
        },
      },
    );
    this.#streams.set(serverId, stream);
    link.closed.addEventListener(
      'abort',
      () => {
        if (this.#streams.get(serverId) === stream) this.#streams.delete(serverId);
      },
      { once: true },
    );
  }

  async #heard(serverId: string, { open, ended }: News): Promise<void> {
    const rows = await this.#db.prisma.openTerminal.findMany({ where: { serverId }, select: { id: true } });
    const unended = new Set(rows.map(({ id }) => id));
    for (const one of ended) {
      // Told again on every link; what is on record already, or was never opened, is no work for the database.
      if (unended.delete(one.id)) await this.#end(serverId, one);
      await this.#onEnd(serverId, one.id);
    }
    if (!open) return;
    const told = new Set(open);
    for (const id of unended) {
      // An agent that was started again forgot it; all that ran in it has ended.
      if (told.has(id) || this.#opening.has(id)) continue;
      await this.#end(serverId, { id, reason: 'LOST' });
      await this.#onEnd(serverId, id);
    }
  }

  /** On record once for each, however often it is heard of. */
  async #end(serverId: string, { id, reason, ...how }: Told): Promise<void> {
    await this.#db.prisma.$transaction(async (tx) => {
      const row = await tx.openTerminal.findFirst({ where: { id, serverId } });
      if (!row || (await tx.openTerminal.deleteMany({ where: { id } })).count === 0) return;
      await this.#audit.record(tx, endOf(row, { id, reason, ...how }));
    });
  }

  /** Agents name what they have open; what one calls by the name of another server's is none of its own. */
  async ownOf<T extends { readonly id: string }>(serverId: string, told: readonly T[]): Promise<T[]> {
    const others = await this.#db.prisma.openTerminal.findMany({
      where: { id: { in: told.map(({ id }) => id) }, serverId: { not: serverId } },
      select: { id: true },
    });
    return told.filter(({ id }) => !others.some((other) => other.id === id));
  }

  /**
   * Puts on record what is cut off with a server that is deleted, in the transaction that does it. Its agent is not asked
   * any more: it ends them by itself, as nobody looks at them.
   */
  async abandon(tx: Prisma.TransactionClient, serverId: string): Promise<void> {
    const rows = await tx.openTerminal.findMany({ where: { serverId }, orderBy: { openedAt: 'asc' } });
    for (const row of rows)
      await this.#audit.record(tx, endOf(row, { id: row.id, reason: 'SERVER_DELETED' }));
  }

  #failed(error: unknown, serverId: string): void {
    this.#log.error({ err: error, serverId }, 'the end of a terminal could not be put on record');
  }
}

/** What it holds of terminals; one that tells of none is work as well. @throws ServerKitError AGENT_PROTOCOL_ERROR */
function weightOf({ open, ended }: News): number {
  const ids = [...(open ?? []), ...ended.map(({ id }) => id)];
  if (ids.length > maxTold) throw protocolError('more terminals than there can be');
  if (ids.some((id) => id.length > longestId)) throw protocolError('a terminal without an end to its name');
  return Math.max(1, ids.length);
}

/** How a terminal ended, as far as that is known. */
type Told = Pick<Ended, 'id'> & { readonly reason: Ended['reason'] | 'SERVER_DELETED' } & Partial<
    Omit<Ended, 'id' | 'reason'>
  >;

function endOf(row: OpenTerminal, { id, reason, exitCode, openedAt, endedAt }: Told): AuditEntry {
  const opener = storedActor(row.actor);
  const took = (endedAt ?? Date.now()) - (openedAt ?? row.openedAt.getTime());
  return {
    actor: { kind: 'system', label: 'terminals' },
    action: 'terminal.end',
    serverId: row.serverId,
    target: storedTarget(row.target) ?? { kind: 'server', id: row.serverId },
    parameters: {
      terminalId: id,
      reason,
      ...(opener && 'label' in opener && { openedBy: opener.label }),
    },
    durationMs: Math.min(Math.max(0, took), longest),
    ...(typeof exitCode === 'number' && { exitCode }),
  };
}

/** What the record has room for: 24 days. Ms. */
const longest = 2 ** 31 - 1;
