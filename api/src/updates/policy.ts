import type { Prisma, UpdatePolicy as Row } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { windowShape, type MaintenanceWindow } from './window.ts';

export type UpdateMode = 'off' | 'notify' | 'apply';
export type TargetKind = 'container' | 'stack';

/**
 * Why a policy does nothing although there may be something newer:
 *
 * - `owner`: who set it is gone, disabled, or lost a right that it takes
 * - `token`: the API token that it was set with ended, or lost one
 * - `maintenance`: somebody works on the server
 * - `offline`: its agent is away
 * - `gone`: there is no such container or stack
 * - `stopped`: it does not run, so that whether the new one is healthy could not be told
 * - `failed`: this very update failed before
 */
export const holds = ['owner', 'token', 'maintenance', 'offline', 'gone', 'stopped', 'failed'] as const;
export type Hold = (typeof holds)[number];

/** An image that would be pulled now and does not run. */
export interface NewerImage {
  readonly reference: string;
  /** sha256:… */
  readonly digest: string;
}

/** `begun` before anything is sent, so that it is not begun twice whatever ends meanwhile. */
export type AttemptState = 'begun' | 'succeeded' | 'failed';

/** An update that was begun. */
export interface Attempt {
  readonly newer: readonly NewerImage[];
  readonly at: Date;
  readonly jobId: string | null;
  readonly state: AttemptState;
  /** Why it failed. */
  readonly reason: string | null;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A policy as it was stored, read. */
export interface Policy {
  readonly id: string;
  readonly serverId: string;
  readonly kind: TargetKind;
  readonly name: string;
  readonly compose: string | null;
  readonly mode: UpdateMode;
  readonly window: MaintenanceWindow;
  readonly healthTimeoutSeconds: number;
  readonly ownerId: string | null;
  /** The API token that it was set with, and ends with; null for a person at a browser. */
  readonly tokenId: string | null;
  readonly ownerLabel: string;
  readonly scopes: readonly string[];
  readonly setAt: Date;
  readonly checkedAt: Date | null;
  readonly nextCheckAt: Date;
  readonly failures: number;
  readonly problem: Problem | null;
  readonly newer: readonly NewerImage[];
  readonly noticedAt: Date | null;
  readonly hold: Hold | null;
  readonly attempt: Attempt | null;
}

const newerShape = z.array(z.object({ reference: z.string(), digest: z.string() }));
const attemptShape = z.object({
  newer: newerShape,
  at: z.coerce.date(),
  jobId: z.string().nullable(),
  state: z.enum(['begun', 'succeeded', 'failed']),
  reason: z.string().nullable(),
});
const problemShape = z.object({ code: z.string(), message: z.string() });
const closed: MaintenanceWindow = { days: [], from: '00:00', to: '00:00', timeZone: 'UTC' };

/** What of a row is not understood, of a newer release say, does nothing. */
export function policyOf(row: Row): Policy {
  return {
    ...row,
    kind: row.kind === 'stack' ? 'stack' : 'container',
    mode: row.mode === 'apply' || row.mode === 'notify' ? row.mode : 'off',
    window: windowShape.safeParse(row.window).data ?? closed,
    problem: problemShape.safeParse(row.problem).data ?? null,
    newer: newerShape.safeParse(row.newer).data ?? [],
    hold: holds.find((hold) => hold === row.hold) ?? null,
    attempt: attemptShape.safeParse(row.attempt).data ?? null,
  };
}

export function storedAttempt({ at, newer, ...attempt }: Attempt): Prisma.InputJsonObject {
  return { ...attempt, newer: newer.map((one) => ({ ...one })), at: at.toISOString() };
}

/** Whether this very update failed. */
export function wasTried({ attempt, newer }: Policy): boolean {
  return attempt?.state === 'failed' && sameImages(attempt.newer, newer);
}

/** Whether two are the same update. */
export function sameImages(one: readonly NewerImage[], other: readonly NewerImage[]): boolean {
  const text = (images: readonly NewerImage[]): string =>
    images
      .map(({ reference, digest }) => `${reference}@${digest}`)
      .toSorted()
      .join(' ');
  return text(one) === text(other);
}
