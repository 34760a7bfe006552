import { ServerKitError } from '../errors.ts';

/** How one target of many ended. */
export interface Outcome<Target> {
  readonly target: Target;
  readonly error: unknown;
}

export interface BulkPace {
  /** At once on one server, which may be slow or dead. @default 4 */
  readonly perServer?: number;
  /** At once in all. @default 32 */
  readonly overall?: number;
  /** What has run for so long no longer counts among those: it waits, and others may go on. Milliseconds. @default 2_000 */
  readonly slowAfterMs?: number;
  /** When the answer is given, whatever still runs. Milliseconds. @default 60_000 */
  readonly deadlineMs?: number;
}

interface Bulk<Target> extends BulkPace {
  readonly targets: readonly Target[];
  readonly serverOf: (target: Target) => string;
  readonly work: (target: Target) => Promise<unknown>;
  /** Begins nothing more once it aborts. */
  readonly signal: AbortSignal;
}

const open = Symbol('open');

/**
 * Does the same to many targets, some at once, and tells how each ended, in their order. No server holds up the others:
 * each has a few places of its own, and what is slow gives back its place among all.
 */
export async function inBulk<Target>({
  targets,
  serverOf,
  work,
  signal,
  perServer = 4,
  overall = 32,
  slowAfterMs = 2_000,
  deadlineMs = 60_000,
}: Bulk<Target>): Promise<Outcome<Target>[]> {
  const errors: unknown[] = targets.map(() => open);
  const begun = new Set<number>();
  const onServer = new Map<string, number>();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let [running, left, over] = [0, targets.length, targets.length === 0];

  const run = async (index: number, target: Target): Promise<void> => {
    const server = serverOf(target);
    begun.add(index);
    running += 1;
    onServer.set(server, (onServer.get(server) ?? 0) + 1);
    let counted = true;
    const giveBack = (): void => {
      if (counted) running -= 1;
      counted = false;
    };
    const slow = setTimeout(() => {
      giveBack();
      next();
    }, slowAfterMs);
    let error: unknown = null;
    try {
      await work(target);
    } catch (cause) {
      error = cause;
    }
    clearTimeout(slow);
    giveBack();
    onServer.set(server, (onServer.get(server) ?? 1) - 1);
    errors[index] = error;
    left -= 1;
    if (left === 0) resolve();
    else next();
  };

  const next = (): void => {
    if (over || signal.aborted) return;
    for (const [index, target] of targets.entries()) {
      if (running >= overall) return;
      if (begun.has(index) || (onServer.get(serverOf(target)) ?? 0) >= perServer) continue;
      void run(index, target);
    }
  };

  const leave = (): void => resolve();
  signal.addEventListener('abort', leave, { once: true });
  const deadline = setTimeout(resolve, deadlineMs);
  if (over || signal.aborted) resolve();
  next();
  await done;
  over = true;
  clearTimeout(deadline);
  signal.removeEventListener('abort', leave);
  return targets.map((target, index) => {
    const error = errors[index];
    if (error !== open) return { target, error };
    return { target, error: begun.has(index) ? unfinished() : unbegun() };
  });
}

function unfinished(): ServerKitError {
  return new ServerKitError(
    'OUTCOME_UNKNOWN',
    'It was begun and takes longer than the answer could wait. It goes on.',
  );
}

function unbegun(): ServerKitError {
  return new ServerKitError(
    'CANCELLED',
    'Its turn did not come before the answer was due. Nothing was done.',
  );
}
