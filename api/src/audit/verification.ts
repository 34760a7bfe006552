import type pg from 'pg';
import { transaction, withSession } from '../database/session.ts';
import type { Anchor } from './anchor.ts';
import { Findings, type Problem } from './findings.ts';
import { boundsOf, eventColumns, eventOf, readCheckpoints, readLandmarks, type EventRow } from './rows.ts';
import type { Chain } from './sealing.ts';
import { isSame, type Checkpoint, type Link, type StoredEvent } from './seals.ts';
import { findStrays } from './strays.ts';

export interface VerificationOptions extends Chain {
  readonly pool: pg.Pool;
  readonly anchor: Anchor;
  /** `beginning`: all that is kept. `checkpoint`: only what was sealed since the last routine checkpoint. */
  readonly since: 'beginning' | 'checkpoint';
  /** Looked at between batches. */
  readonly signal: AbortSignal;
}

export interface Verification {
  /** Events whose seal was checked. */
  readonly checked: number;
  /** Events that are recorded and wait for their seal, a second or so. */
  readonly waiting: number;
  /** What came before is deleted, by retention, or was left out; null from the first event on. */
  readonly since: Date | null;
  /** When the last sealed event happened; null when there is none. */
  readonly until: Date | null;
  /** The first that were found, in the order of the record. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
}

/** Seals checked in one go: some milliseconds of work, between which others have their turn. */
const atOnce = 500;

/**
 * Follows the chain over the record as it is at this moment, in memory that does not grow with it.
 * @throws the signal's reason, and what PostgreSQL says
 */
export async function verify(options: VerificationOptions): Promise<Verification> {
  // Before the state of the database is taken: what was written down then is in it.
  const anchor = await options.anchor.read();
  return withSession(options.pool, (client) =>
    transaction(
      client,
      () => new Walk(client, options, anchor).run(),
      'ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ),
  );
}

type SealRow = { readonly position: string; readonly event_id: string; readonly mac: Buffer } & (
  EventRow | { readonly id: null }
);

class Walk {
  readonly #client: pg.ClientBase;
  readonly #options: VerificationOptions;
  readonly #anchor: Link | undefined;
  readonly #findings = new Findings();
  /** The last seal, as it is stored, … */
  #stored: Link | undefined;
  /** … and as it ought to be. They differ where one was altered, and the next one tells which. */
  #expected: Link | undefined;
  #checked = 0;
  #until: Date | null = null;

  constructor(client: pg.ClientBase, options: VerificationOptions, anchor: Link | undefined) {
    this.#client = client;
    this.#options = options;
    this.#anchor = anchor;
  }

  async run(): Promise<Verification> {
    const { seals, since, signal, marks } = this.#options;
    const landmarks = await readLandmarks(this.#client, seals);
    for (const { position } of landmarks.forged) this.#findings.add({ kind: 'CHECKPOINT_ALTERED', position });

    const start = await this.#start(landmarks.trusted);
    this.#stored = this.#expected = start ?? seals.origin;
    while (await this.#nextBatch()) signal.throwIfAborted();
    this.#checkEnd(landmarks.trusted.at(-1));
    const strays = { since, start, marks, bounds: boundsOf(landmarks), signal, findings: this.#findings };
    const waiting = await findStrays(this.#client, strays);
    return {
      checked: this.#checked,
      waiting,
      since: start ? (start.deletedUntil ?? start.madeAt) : null,
      until: this.#until,
      problems: this.#findings.list,
      problemCount: this.#findings.count,
    };
  }

  /** @returns where to begin: behind what retention deleted, or at the origin that every chain has */
  async #start(trusted: readonly Checkpoint[]): Promise<Checkpoint | undefined> {
    const last = trusted.at(-1);
    if (this.#options.since === 'checkpoint' && last?.kind === 'routine') {
      const { rows } = await this.#client.query<{ mac: Buffer }>(
        'SELECT mac FROM audit.seals WHERE position = $1',
        [last.position],
      );
      if (!rows[0] || !isSame(rows[0].mac, last.mac)) {
        this.#findings.add({ kind: rows[0] ? 'SEAL_ALTERED' : 'REMOVED', position: last.position });
      }
      return last;
    }
    const begin = trusted.find(({ kind }) => kind === 'begin');
    const { rows } = await this.#client.query<{ any: boolean }>(
      'SELECT EXISTS (SELECT FROM audit.seals) AS any',
    );
    if (!begin && (this.#anchor || rows[0]?.any)) this.#findings.add({ kind: 'REMOVED', position: 0n });
    return trusted.findLast(({ kind }) => kind === 'retention');
  }

  async #nextBatch(): Promise<boolean> {
    const after = this.#stored?.position ?? 0n;
    const { rows } = await this.#client.query<SealRow>(
      `SELECT s.position, s.event_id, s.mac, ${eventColumns('e')}
       FROM audit.seals s LEFT JOIN LATERAL (SELECT * FROM "AuditEvent" WHERE "id" = s.event_id OFFSET 0) AS e ON true
       WHERE s.position > $1 ORDER BY s.position LIMIT $2`,
      [after, atOnce],
    );
    const last = rows.at(-1);
    if (!last) return false;
    const { trusted } = await readCheckpoints(
      this.#client,
      this.#options.seals,
      after - 1n,
      BigInt(last.position),
    );
    for (const row of rows) this.#checkSeal(row, trusted);
    return rows.length === atOnce;
  }

  #checkSeal(row: SealRow, trusted: readonly Checkpoint[]): void {
    const position = BigInt(row.position);
    const eventId = BigInt(row.event_id);
    const before = (this.#stored?.position ?? 0n) + 1n;
    if (position > before) {
      this.#findings.add({ kind: 'REMOVED', position: before, seals: Number(position - before) });
      // The chain can be taken up again only where somebody wrote down what it was.
      this.#stored = this.#expected = trusted.find((checkpoint) => checkpoint.position === position - 1n);
    }
    const found: Link = { position, mac: row.mac };
    if (this.#anchor?.position === position && !isSame(this.#anchor.mac, row.mac)) {
      this.#findings.add({ kind: 'SEAL_ALTERED', position, eventId });
    }
    this.#checked += 1;
    if (row.id === null) {
      this.#findings.add({ kind: 'REMOVED', position, eventId });
      this.#stored = this.#expected = found;
    } else {
      this.#checkEvent(eventOf(row), found);
    }
  }

  #checkEvent(event: StoredEvent, found: Link): void {
    const before = this.#stored;
    const link = this.#linkAfter(before, event);
    const right = link !== undefined && isSame(link.mac, found.mac);
    const instead = right || this.#expected === before ? undefined : this.#linkAfter(this.#expected, event);
    this.#stored = found;
    this.#expected = right ? found : (instead ?? link ?? found);
    this.#until = event.at;
    if (right || before === undefined || (instead && isSame(instead.mac, found.mac))) return;
    const kind = this.#isOurs(event) ? 'MISPLACED' : 'ALTERED';
    this.#findings.add({ kind, position: found.position, eventId: event.id, at: event.at });
  }

  #linkAfter(before: Link | undefined, event: StoredEvent): Link | undefined {
    try {
      return before && this.#options.seals.next(before, event);
    } catch (error) {
      // Parameters that we would not have recorded.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #isOurs(event: StoredEvent): boolean {
    return event.mark !== null && this.#options.marks.holds(event.mark, event);
  }

  /** Seals that others know of, and that are not there. */
  #checkEnd(last: Checkpoint | undefined): void {
    const end = this.#stored?.position ?? 0n;
    const known = [last?.position ?? 0n, this.#anchor?.position ?? 0n].reduce((a, b) => (a > b ? a : b));
    if (known > end) {
      this.#findings.add({ kind: 'REMOVED', position: end + 1n, seals: Number(known - end) });
    }
  }
}
