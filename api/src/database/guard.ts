import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { errorText, StartupError } from '../startup-error.ts';

/** Our advisory lock; any constant that nobody else is likely to take on the same database. */
const lockKey = 7_309_834_216_052_113n;

/** How long (ms) to wait for a predecessor that is just ending. */
const patience = 3_000;

const slowestRetry = 5_000;

export interface GuardOptions {
  /** Opens one connection, after making sure that the server runs. */
  readonly connect: () => Promise<pg.Client>;
  readonly log: Logger;
  /** Another ServerKit took the database while we were cut off from it: this process must end. */
  readonly onUsurped: (error: StartupError) => void;
}

/**
 * One connection, kept for the life of the process, that holds an advisory lock: without Redis two control planes on
 * one database would each believe they own every agent. It is also how we learn that the database went away.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;

  private constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** @throws StartupError when another ServerKit holds the database */
  static async take(options: GuardOptions): Promise<Guard> {
    const guard = new Guard(options);
    await guard.#take();
    return guard;
  }

  /** Whether the lock is ours at this moment. */
  get held(): boolean {
    return this.#client !== undefined;
  }

  async release(): Promise<void> {
    this.#closing.abort();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #take(): Promise<void> {
    const client = await this.#options.connect();
    const lost = Promise.withResolvers<string>();
    client.on('error', (error) => lost.resolve(errorText(error)));
    client.on('end', () => lost.resolve('the connection ended'));
    try {
      // A machine that vanished would otherwise keep the lock for the two hours of TCP's default keep-alive.
      await client.query(
        'SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3',
      );
      await lock(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    void lost.promise.then((reason) => this.#recover(reason));
  }

  async #recover(reason: string): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#client = undefined;
    this.#options.log.error({ reason }, 'the database connection was lost');
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#take();
        this.#options.log.info('the database is back');
        return;
      } catch (error) {
        if (error instanceof OccupiedError) {
          this.#options.onUsurped(error);
          return;
        }
        this.#options.log.warn({ reason: errorText(error) }, 'the database is still away');
        await sleep(Math.min(slowestRetry, 100 * 2 ** attempt), undefined, {
          signal: this.#closing.signal,
        }).catch(() => {});
      }
    }
  }
}

class OccupiedError extends StartupError {}

async function lock(client: pg.Client): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      lockKey,
    ]);
    if (rows[0]?.taken) return;
    if (Date.now() > deadline) {
      throw new OccupiedError(
        'Another ServerKit already runs on this database; stop it first, or give this one a database of its own.',
      );
    }
    await sleep(100);
  }
}
