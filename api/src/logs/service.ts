import type { Audit } from '../audit/service.ts';
import { personOf, type Actor } from '../audit/actor.ts';
import type { AgentService } from '../agents/service.ts';
import { whileRead, type Containers } from '../containers/service.ts';
import { holderOf, type PersonPrincipal, type ViewerSocket } from '../context.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid, notFound, permissionDenied } from '../errors.ts';
import type { Rights } from '../access/rights.ts';
import type { TransferEnd } from '../http/transfer.ts';
import { Tickets, type Ticket } from '../http/tickets.ts';
import { Expressions } from './expressions.ts';
import { lineFilter, type LogFilter } from './filter.ts';
import { formatted, type LogFormat, type NamedSource } from './format.ts';
import { mergeLogs, type MergedPart } from './merged.ts';
import { momentOf } from './moment.ts';
import type { LogPlace, LogRange } from './source.ts';

export type { LogPlace, LogRange } from './source.ts';
export type { LogFilter } from './filter.ts';
export type { SourceReport } from './merged.ts';
export type { NamedSource } from './format.ts';

/** Most logs at once: each takes a stream at its agent, and room here. */
export const maxSources = 16;
/**
 * Clocks are known as well as a message takes to arrive, so less than this is no difference to correct: it would bring into
 * disorder what is right. Milliseconds.
 */
const knownToMs = 2_000;

export interface LogSourceRequest extends LogPlace {
  /** Docker's time of the last line that is known already. */
  readonly after?: string | null | undefined;
}

/** What is wanted of which logs. */
export interface LogRequest {
  readonly sources: readonly LogSourceRequest[];
  readonly range: LogRange;
  readonly filter: LogFilter | null;
}

export interface LogReader {
  readonly actor: Actor;
  readonly principal: PersonPrincipal;
  readonly signal: AbortSignal;
  readonly socket?: ViewerSocket;
}

/** Several logs as one, and what they are of. */
export interface MergedLogs {
  readonly sources: readonly NamedSource[];
  readonly parts: AsyncIterableIterator<MergedPart, undefined>;
}

/** What a ticket for a download stands for. */
export interface LogDownload {
  readonly request: LogRequest;
  readonly format: LogFormat;
  readonly principal: PersonPrincipal;
  readonly actor: Actor;
}

export const logScope = 'docker:containers:read';

/** The logs of several containers, wherever they run, as one. Nothing of them is kept here. */
export class Logs {
  readonly #agents: AgentService;
  readonly #audit: Audit;
  readonly #containers: Containers;
  readonly #db: Database;
  readonly #downloads = new Tickets<LogDownload>();
  readonly #expressions = new Expressions();

  constructor(needs: {
    readonly agents: AgentService;
    readonly audit: Audit;
    readonly containers: Containers;
    readonly db: Database;
  }) {
    this.#agents = needs.agents;
    this.#audit = needs.audit;
    this.#containers = needs.containers;
    this.#db = needs.db;
  }

  /**
   * @throws ServerKitError NOT_FOUND for a server that there is not, INPUT_INVALID for an expression that is none or a container
   *   that is named twice, TOO_MANY_OPERATIONS
   */
  async merged({ sources, range, filter }: LogRequest, reader: LogReader): Promise<MergedLogs> {
    const holder = holderOf(reader.principal);
    const lines = filter && (await lineFilter(filter, this.#expressions, { holder, signal: reader.signal }));
    const named = await this.#named(sources);
    const starts = named.map((source, index) => ({
      ...source,
      after: momentOf(sources[index]?.after ?? ''),
    }));
    const taken = this.#containers.logShares.take(
      holder,
      named.map(({ serverId }) => serverId),
    );
    const parts = mergeLogs(
      { sources: starts, range, filter: lines },
      {
        agents: this.#agents.links,
        changes: (serverId, signal) => this.#containers.changes(serverId, undefined, signal),
        runs: (place) => this.#containers.runs(place.serverId, place.containerId),
        actor: personOf(reader.actor) ?? reader.actor.kind,
        signal: reader.signal,
        ...(reader.socket && { socket: reader.socket }),
      },
    );
    return { sources: named, parts: whileRead(parts, taken, reader.signal) };
  }

  /** Puts a download on record and gives the ticket for it. @throws ServerKitError INPUT_INVALID, NOT_FOUND, … */
  async offerDownload(download: LogDownload): Promise<Ticket> {
    const { request } = download;
    const holder = holderOf(download.principal);
    if (request.filter) await lineFilter(request.filter, this.#expressions, { holder });
    await this.#named(request.sources);
    const ticket = this.#downloads.issue(holder, download);
    await this.#record('log.download', download, {});
    return ticket;
  }

  /** To the first who asks. */
  takeDownload(secret: string): LogDownload | undefined {
    return this.#downloads.take(secret);
  }

  /** The file, at its reader's pace. @throws ServerKitError also in the middle; what came until then is not the whole */
  async read(
    { request, format, actor, principal }: LogDownload,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly body: AsyncIterable<Buffer> }> {
    const { sources, parts } = await this.merged(request, { actor, principal, signal });
    const ending = format === 'NDJSON' ? 'ndjson' : 'log';
    return { name: `${fileNameOf(sources)}.${ending}`, body: formatted(parts, sources, format) };
  }

  /** Puts on record how a download ended. */
  async downloaded(download: LogDownload, end: TransferEnd): Promise<void> {
    await this.#record('log.downloaded', download, end);
  }

  /** One event for each server, so that it is found with the others of that server. */
  async #record(
    action: string,
    { request: { sources, range, filter }, format, actor }: LogDownload,
    { bytes, code, durationMs }: Partial<TransferEnd>,
  ): Promise<void> {
    const byServer = Map.groupBy(sources, ({ serverId }) => serverId);
    for (const [serverId, ofServer] of byServer) {
      const targets = ofServer.map(({ containerId }) => this.#containers.target(serverId, containerId));
      const [first] = targets;
      await this.#audit.record(this.#db.prisma, {
        actor,
        action,
        serverId,
        ...(first && { target: { kind: first.kind, id: first.id, name: first.name } }),
        parameters: {
          containers: targets.map(({ name }) => name),
          format,
          sinceMs: range.sinceMs,
          untilMs: range.untilMs,
          filter: filter ? { ...filter } : null,
          ...(bytes !== undefined && { bytes }),
        },
        ...(durationMs !== undefined && { durationMs }),
        ...(code && { outcome: 'failed' as const, code }),
      });
    }
  }

  async #named(sources: readonly LogPlace[]): Promise<NamedSource[]> {
    const rows = await this.#db.prisma.server.findMany({
      where: { id: { in: sources.map(({ serverId }) => serverId) } },
      select: { id: true, name: true, clockSkewMs: true },
    });
    const servers = new Map(rows.map((row) => [row.id, row]));
    const seen = new Set<string>();
    return sources.map(({ serverId, containerId }) => {
      const server = servers.get(serverId);
      if (!server) throw notFound('server', serverId);
      const ahead = server.clockSkewMs ?? 0;
      const { id, name } = this.#containers.target(serverId, containerId);
      if (seen.has(`${serverId} ${id}`)) throw inputInvalid('sources', `Name ${name} once.`);
      seen.add(`${serverId} ${id}`);
      return {
        serverId,
        containerId,
        server: server.name,
        name,
        aheadMs: Math.abs(ahead) < knownToMs ? 0 : ahead,
      };
    });
  }
}

/** @throws ServerKitError unless the logs of all these servers may be read */
export function requireLogs(rights: Rights, sources: readonly LogPlace[]): void {
  for (const { serverId } of sources) {
    const held = rights.on(serverId);
    if (held.has(logScope)) continue;
    throw held.has('servers:read') ? permissionDenied(logScope) : notFound('server', serverId);
  }
}

function fileNameOf(sources: readonly NamedSource[]): string {
  const [first, ...others] = sources;
  return first && others.length === 0 ? first.name : 'logs';
}
