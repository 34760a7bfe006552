import * as z from 'zod';
import { ServerKitError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { Actor } from './actor.ts';
import { createAnchor } from './anchor.ts';
import { createMarks } from './marks.ts';
import { deleteOld } from './retention.ts';
import { Sealer } from './sealer.ts';
import type { Chain } from './sealing.ts';
import { createSeals } from './seals.ts';
import type { Audit } from './service.ts';
import { verify, type Verification, type VerificationOptions } from './verification.ts';

const settingKey = 'audit.retention';
/** Checks that run or wait: whoever asked for ever more would keep the database and a processor busy for as long. */
const maxChecks = 4;

const dayMs = 24 * 60 * 60_000;

/** In days. Shorter than a month would help whoever wants to be gone before somebody looks. */
export const retentionDays = { min: 30, max: 3_650, default: 365 } as const;

/** What nobody can set was written by somebody else, and is not followed. */
const settingShape = z.object({ days: z.int().min(retentionDays.min).max(retentionDays.max).nullable() });

/** The record as a whole: sealed, checked, and taken away at its old end. */
export class AuditTrail {
  readonly sealer: Sealer;
  readonly #platform: Pick<Platform, 'db' | 'env' | 'log' | 'vault'>;
  readonly #audit: Audit;
  readonly #chain: Chain;
  /** One check at a time: each keeps a connection and the processor busy. */
  #checks: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(platform: Pick<Platform, 'db' | 'env' | 'log' | 'vault'>, audit: Audit) {
    const { db, env, log, vault } = platform;
    this.#platform = platform;
    this.#audit = audit;
    this.#chain = { seals: createSeals(vault), marks: createMarks(vault) };
    this.sealer = new Sealer({ ...this.#chain, pool: db.pool, anchor: createAnchor(env.dataDir), log });
  }

  /**
   * Checks the record; a second check waits for the first.
   * @throws the signal's reason, ServerKitError TOO_MANY_OPERATIONS when several wait already
   */
  async verify({ since, signal }: Pick<VerificationOptions, 'since' | 'signal'>): Promise<Verification> {
    const { db, env } = this.#platform;
    if (this.#waiting >= maxChecks) {
      throw new ServerKitError(
        'TOO_MANY_OPERATIONS',
        'Other checks of the record are running. Wait for one to end.',
        {
          details: { limit: maxChecks },
        },
      );
    }
    this.#waiting += 1;
    const check = this.#checks.then(() => {
      signal.throwIfAborted();
      return verify({ ...this.#chain, pool: db.pool, anchor: createAnchor(env.dataDir), since, signal });
    });
    this.#checks = check
      .catch(() => {})
      .finally(() => {
        this.#waiting -= 1;
      });
    return check;
  }

  /** For how many days events are kept; null = for ever. */
  async retentionDays(): Promise<number | null> {
    const setting = await this.#platform.db.prisma.setting.findUnique({ where: { key: settingKey } });
    const { data } = settingShape.safeParse(setting?.value);
    return data ? data.days : retentionDays.default;
  }

  async setRetentionDays(days: number | null, actor: Actor): Promise<void> {
    const before = await this.retentionDays();
    await this.#platform.db.prisma.$transaction(async (tx) => {
      const value = { days };
      await tx.setting.upsert({
        where: { key: settingKey },
        create: { key: settingKey, value },
        update: { value },
      });
      await this.#audit.record(tx, {
        actor,
        action: 'audit.setRetention',
        parameters: { days, before },
      });
    });
  }

  /** Deletes what is older than the retention. @returns how many events went */
  async deleteOld(signal: AbortSignal, now = Date.now()): Promise<number> {
    const days = await this.retentionDays();
    if (days === null) return 0;
    const { db, log } = this.#platform;
    const before = new Date(now - days * dayMs);
    const events = await deleteOld({ pool: db.pool, seals: this.#chain.seals, log, before, signal });
    if (events > 0) {
      await this.#audit.record(db.prisma, {
        actor: { kind: 'system', label: 'retention' },
        action: 'audit.deleteOld',
        parameters: { events, before: before.toISOString() },
      });
    }
    return events;
  }
}
