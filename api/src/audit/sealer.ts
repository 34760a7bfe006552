import type { Logger } from 'pino';
import type pg from 'pg';
import { transaction, withSession } from '../database/session.ts';
import { errorText } from '../startup-error.ts';
import type { Anchor } from './anchor.ts';
import { sealPending, type Chain, type Sealed } from './sealing.ts';

/** How long (ms) an event may wait for its seal. */
const everyMs = 1_000;

/** How often (ms) it is asked whether events wait, and for how long one may: far more than it ever takes. */
const overdueMs = 60_000;

export interface SealerOptions extends Chain {
  readonly pool: pg.Pool;
  readonly anchor: Anchor;
  readonly log: Logger;
  /** Events sealed in one transaction. @default 1_000 */
  readonly atOnce?: number;
}

/** Seals the record while it grows. Any number may run on one database: at any moment one of them works. */
export class Sealer {
  readonly #options: SealerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #failing = false;
  #askedAt = performance.now();

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    // Which events are from before there were marks is settled with the first seal: until then a check would take them for
    // somebody else's. Should it fail, the next round tries again, and says so.
    await this.#sealSome().catch(() => undefined);
    this.#schedule();
  }

  /** Seals what there is, and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.#round();
  }

  /** Seals all that is pending now. @returns how many */
  async sealAll(): Promise<number> {
    let count = 0;
    for (;;) {
      const sealed = await this.#sealSome();
      count += sealed?.count ?? 0;
      if (!sealed?.more) return count;
    }
  }

  /**
   * Says so when events of late have no seal: whoever writes to the database can keep us from the chain, by its lock or by
   * what tells us of events, and would then take events away that nobody misses.
   * @param now - milliseconds since 1970
   * @returns how many
   */
  async reportOverdue(now = Date.now()): Promise<number> {
    const { pool, log } = this.#options;
    const { rows } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM "AuditEvent" e
       WHERE e."at" > $1 AND e."at" <= $2 AND NOT EXISTS (SELECT FROM audit.seals WHERE event_id = e."id")`,
      [new Date(now - 10 * overdueMs), new Date(now - overdueMs)],
    );
    const count = rows[0]?.count ?? 0;
    if (count > 0)
      log.error({ events: count }, 'audit events are not sealed: something in the database keeps us from it');
    return count;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round().finally(() => this.#schedule());
    }, everyMs).unref();
  }

  async #round(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.sealAll();
      if (performance.now() - this.#askedAt > overdueMs) {
        this.#askedAt = performance.now();
        await this.reportOverdue();
      }
      this.#failing = false;
    } catch (error) {
      // The database may be away for a while; once is enough to say so.
      const level = this.#failing ? 'debug' : 'warn';
      log[level]({ reason: errorText(error) }, 'the audit record could not be sealed; trying again');
      this.#failing = true;
    }
  }

  async #sealSome(): Promise<Sealed | undefined> {
    const { pool, anchor, log, atOnce = 1_000, ...chain } = this.#options;
    const { rows } = await pool.query<{ any: boolean }>({
      name: 'audit.pending',
      text: 'SELECT EXISTS (SELECT FROM audit.pending) AS any',
    });
    if (rows[0]?.any !== true) return undefined;
    const known = await anchor.read();
    const sealed = await withSession(pool, (client) =>
      transaction(client, () => sealPending(client, chain, known, atOnce)),
    );
    if (!sealed) return undefined;
    const { head, refused, cut } = sealed;
    if (head.position !== known?.position) await anchor.write(head);
    if (cut > 0n) log.error({ seals: String(cut) }, 'the end of the audit record was taken away');
    if (refused.length > 0) {
      log.error(
        { events: refused.map((id) => `evt_${id}`) },
        'the audit record holds rows that are not ours',
      );
    }
    return sealed;
  }
}
