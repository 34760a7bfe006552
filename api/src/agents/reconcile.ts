import { setTimeout as sleep } from 'node:timers/promises';
import type { Command as Row, Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Database } from '../database/database.ts';
import type { AgentLink } from './link.ts';
import { askOutcome, settledBy, type Settled } from './outcome.ts';

export interface ReconcilerOptions {
  readonly db: Database;
  /** True for commands whose caller is still waiting: it settles them itself. */
  readonly isInFlight: (id: string) => boolean;
  readonly settle: (row: Row, settled: Settled) => Promise<void>;
}

/** Settles the commands that nobody heard back about, by what their agents' journals say. */
export interface Reconciler {
  /** Asks over this link until nothing is open any more, or the link ends. @throws when the database fails */
  follow(link: AgentLink): Promise<void>;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

export function createReconciler({ db: { prisma }, isInFlight, settle }: ReconcilerOptions): Reconciler {
  const following = new Map<AgentLink, { again: boolean }>();

  /** @returns how many are still under way */
  async function pass(link: AgentLink): Promise<number> {
    const open = await prisma.command.findMany({
      where: {
        serverId: link.serverId,
        state: { in: ['sent', 'unknown'] },
        createdAt: { gt: yesterday() },
      },
      orderBy: { createdAt: 'asc' },
      take: 1_000,
    });
    let underWay = 0;
    for (const row of open) {
      if (isInFlight(row.id)) continue;
      // Asked again on the next link, if this one cannot say.
      const outcome = await askOutcome(link, row.id).catch(() => undefined);
      if (!outcome) continue;
      const settled = settledBy(outcome);
      if (settled) await settle(row, settled);
      else underWay += 1;
    }
    return underWay;
  }

  return {
    async follow(link) {
      const known = following.get(link);
      if (known) {
        known.again = true;
        return;
      }
      const state = { again: false };
      following.set(link, state);
      try {
        for (
          let pauseMs = firstPauseMs;
          !link.closed.aborted;
          pauseMs = Math.min(2 * pauseMs, longestPauseMs)
        ) {
          state.again = false;
          if ((await pass(link)) === 0 && !state.again) return;
          await sleep(pauseMs, undefined, { signal: link.closed, ref: false }).catch(() => undefined);
        }
      } finally {
        following.delete(link);
      }
    },
  };
}

/** Journals remember for 24 hours. */
function yesterday(): Date {
  return new Date(Date.now() - 24 * 60 * 60 * 1000);
}

/** The parameters of a stored command, as they were audited. */
export function scalars(value: Prisma.JsonValue): Record<string, string | number | boolean | null> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) =>
      entry === undefined || typeof entry === 'object' ? [] : [[key, entry] as const],
    ),
  );
}
