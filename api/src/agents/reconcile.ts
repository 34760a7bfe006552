import { setTimeout as sleep } from 'node:timers/promises';
import type { Command as Row, Prisma } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { storedActor, type Actor } from '../audit/actor.ts';
import type { AuditTarget } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import type { AgentLink, Agents } from './link.ts';
import { askOutcome, settledBy, type Settled } from './outcome.ts';

export interface ReconcilerOptions {
  readonly db: Database;
  readonly agents: Agents;
  /** True for commands whose caller is still waiting: it settles them itself. */
  readonly isInFlight: (id: string) => boolean;
  readonly settle: (row: Row, settled: Settled) => Promise<void>;
}

/** Settles the commands that nobody heard back about, by what their agents' journals say. */
export interface Reconciler {
  /** Asks over this link until nothing is open any more, or the link ends. @throws when the database fails */
  follow(link: AgentLink): Promise<void>;
  /**
   * Does that for all links at once: the end of a command that could not be stored, or that the database lost when it
   * fell, has no other way to become known while the link holds.
   *
   * @throws when the database fails
   */
  followAll(): Promise<void>;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

export function createReconciler({
  db: { prisma },
  agents,
  isInFlight,
  settle,
}: ReconcilerOptions): Reconciler {
  const following = new Map<AgentLink, { again: boolean }>();

  /** @returns how many are still under way */
  async function pass(link: AgentLink): Promise<number> {
    const open = await prisma.command.findMany({
      where: { serverId: link.serverId, ...stillOpen() },
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

  async function follow(link: AgentLink): Promise<void> {
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
  }

  return {
    follow,
    async followAll() {
      const open = await prisma.command.findMany({
        where: stillOpen(),
        distinct: 'serverId',
        select: { id: true, serverId: true },
      });
      // What hangs in one agent must not keep the others waiting; each ends with its own link.
      const links = open.flatMap(({ serverId }) => agents.get(serverId) ?? []);
      await Promise.all(links.filter(({ closed }) => !closed.aborted).map(follow));
    },
  };
}

/** Nobody knows how they ended, and the journals of the agents, which remember for 24 hours, may. */
function stillOpen(): { state: { in: string[] }; createdAt: { gt: Date } } {
  return {
    state: { in: ['sent', 'unknown'] },
    createdAt: { gt: new Date(Date.now() - 24 * 60 * 60 * 1000) },
  };
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

const targetShape = z.object({ kind: z.string(), id: z.string(), name: z.string().exactOptional() });

/**
 * For the line in the audit: what it was done to, and by whom. Where nobody told an end yet, that is who asked for it; a
 * later word on what was unknown is ours.
 */
export function originOf({ actor, target, state }: Pick<Row, 'actor' | 'target' | 'state'>): {
  readonly actor: Actor;
  readonly target?: AuditTarget;
} {
  const asked = state === 'sent' ? storedActor(actor) : undefined;
  const on = targetShape.safeParse(target).data;
  return { actor: asked ?? { kind: 'system', label: 'reconciliation' }, ...(on && { target: on }) };
}
