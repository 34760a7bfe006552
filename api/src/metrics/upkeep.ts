import type { Logger } from 'pino';
import type pg from 'pg';
import { purgeDeleted } from './deleted.ts';
import { createPartitions, dropOldPartitions } from './partitions.ts';
import { bringRollUpsUpTo } from './rollups.ts';

const minuteMs = 60_000;

/** Past the minute, when all samples of it but the late ones are in (ms). */
const pastMinuteMs = 11_000;

/** Partitions and deleted servers are looked at this often (ms). */
const tidyEveryMs = 15 * minuteMs;

/**
 * What has to be done to the tables now and then: rolling up, making and dropping partitions. A round that
 * fails is made up for by the next.
 */
export class Upkeep {
  readonly #pool: pg.Pool;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #tidiedAt = -Infinity;
  #stopped = false;

  constructor(pool: pg.Pool, log: Logger) {
    this.#pool = pool;
    this.#log = log;
  }

  start(): void {
    this.#schedule();
  }

  /** Ends the loop; resolves when the round that runs is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #schedule(): void {
    if (this.#stopped) return;
    const wait = minuteMs - ((Date.now() - pastMinuteMs) % minuteMs);
    this.#timer = setTimeout(() => {
      this.#round = this.#run().finally(() => this.#schedule());
    }, wait);
  }

  async #run(): Promise<void> {
    try {
      await bringRollUpsUpTo(this.#pool, Date.now());
      if (performance.now() - this.#tidiedAt < tidyEveryMs) return;
      const created = await createPartitions(this.#pool, Date.now());
      const dropped = await dropOldPartitions(this.#pool, Date.now());
      const purged = await purgeDeleted(this.#pool);
      this.#tidiedAt = performance.now();
      if (created.length + dropped.length + purged > 0) {
        this.#log.info({ created, dropped, purged }, 'metrics were tidied up');
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'the upkeep of metrics failed; the next round tries again');
    }
  }
}
