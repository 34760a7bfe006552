import type pg from 'pg';
import { hexOf } from './columns.ts';

/** How far a server's samples are stored. */
export interface Cursor {
  /** null: nothing of it is stored. */
  readonly after: { readonly epoch: string; readonly seq: number } | null;
  /** Whether there is much to catch up: nothing was stored in the last minute. */
  readonly stale: boolean;
}

const statement = `
SELECT server_number, epoch::text, seq, updated_at < now() - interval '1 minute' AS stale
FROM metrics.cursors WHERE server_number = ANY ($1)`;

interface CursorRow {
  readonly server_number: number;
  readonly epoch: string;
  readonly seq: number;
  readonly stale: boolean;
}

/** Reads cursors, those asked for in one turn of the event loop together: after a restart all agents dial at once. */
export class Cursors {
  readonly #pool: pg.Pool;
  #asked: Map<number, PromiseWithResolvers<Cursor>> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** @throws what PostgreSQL says */
  read(serverNumber: number): Promise<Cursor> {
    if (!this.#asked) {
      const asked = (this.#asked = new Map<number, PromiseWithResolvers<Cursor>>());
      setImmediate(() => {
        this.#asked = undefined;
        void this.#answer(asked);
      });
    }
    const known = this.#asked.get(serverNumber);
    if (known) return known.promise;
    const answer = Promise.withResolvers<Cursor>();
    this.#asked.set(serverNumber, answer);
    return answer.promise;
  }

  async #answer(asked: ReadonlyMap<number, PromiseWithResolvers<Cursor>>): Promise<void> {
    try {
      const { rows } = await this.#pool.query<CursorRow>({
        name: 'metrics-cursors',
        text: statement,
        values: [[...asked.keys()]],
      });
      for (const row of rows) {
        const after = { epoch: hexOf(row.epoch), seq: row.seq };
        asked.get(row.server_number)?.resolve({ after, stale: row.stale });
      }
      for (const answer of asked.values()) answer.resolve({ after: null, stale: true });
    } catch (error) {
      for (const answer of asked.values()) answer.reject(error);
    }
  }
}
