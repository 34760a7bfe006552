import type pg from 'pg';
import type { AuditFilter } from './filter.ts';
import { readEvents, type Place } from './list.ts';
import type { StoredEvent } from './seals.ts';

export const exportFormats = {
  NDJSON: { type: 'application/x-ndjson', extension: 'ndjson' },
  CSV: { type: 'text/csv; charset=utf-8; header=present', extension: 'csv' },
} as const;

export type ExportFormat = keyof typeof exportFormats;

/** Events read, and written, in one go. */
const atOnce = 1_000;

export interface ExportOptions {
  readonly pool: Pick<pg.Pool, 'query'>;
  readonly format: ExportFormat;
  /** Ends somewhere: without `to` a busy record would never be at its end. */
  readonly filter: AuditFilter & { readonly to: Date };
  /**
   * Asked before each batch, so that rights that end meanwhile end it: the servers that may be seen, or undefined for all
   * there is.
   */
  readonly servers: () => Promise<readonly string[] | undefined>;
}

/**
 * The events of a filter, the oldest first, read as fast as they are taken.
 * @yields text, some hundred lines at a time
 */
export async function* exportEvents(options: ExportOptions): AsyncGenerator<string, void, undefined> {
  const { pool, format, filter } = options;
  const line = format === 'CSV' ? csvLine : jsonLine;
  if (format === 'CSV') yield `${names.join(',')}\r\n`;
  let newerThan: Place | undefined;
  for (;;) {
    const servers = await options.servers();
    const stretch = { filter, servers, newerThan, order: 'oldest first', limit: atOnce } as const;
    const events = await readEvents(pool, stretch);
    if (events.length > 0) yield events.map((event) => line(exported(event))).join('');
    newerThan = events.at(-1);
    if (events.length < atOnce) return;
  }
}

/** In the names and words of the API. */
function exported(event: StoredEvent) {
  return {
    id: `evt_${event.id}`,
    at: event.at.toISOString(),
    actorKind: event.actorKind.toUpperCase(),
    actorId: event.actorId,
    actorLabel: event.actorLabel,
    address: event.address,
    action: event.action,
    targetKind: event.targetKind,
    targetId: event.targetId,
    targetName: event.targetName,
    serverId: event.serverId,
    outcome: event.outcome.toUpperCase(),
    code: event.code,
    count: event.count,
    durationMs: event.durationMs,
    exitCode: event.exitCode,
    parameters: event.parameters,
  };
}

type Exported = ReturnType<typeof exported>;

const names = [
  'id',
  'at',
  'actorKind',
  'actorId',
  'actorLabel',
  'address',
  'action',
  'targetKind',
  'targetId',
  'targetName',
  'serverId',
  'outcome',
  'code',
  'count',
  'durationMs',
  'exitCode',
  'parameters',
] as const satisfies readonly (keyof Exported)[];

function jsonLine(event: Exported): string {
  return `${JSON.stringify(event)}\n`;
}

/** RFC 4180 */
function csvLine(event: Exported): string {
  return `${names.map((name) => csvCell(event[name])).join(',')}\r\n`;
}

/**
 * What a spreadsheet takes for the begin of a formula (OWASP, "CSV Injection"; the full-width forms are read alike). Names
 * of servers and what strangers sent stand in the record: text that begins so gets an apostrophe before it.
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
