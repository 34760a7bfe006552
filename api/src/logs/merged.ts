import type { ViewerSocket } from '../context.ts';
import type { ServerKitError } from '../errors.ts';
import type { LineFilter } from './filter.ts';
import { TimeMerge } from './merge.ts';
import type { Piece } from './pieces.ts';
import { readSource, type LogRange, type SourceNeeds, type SourceStart, type SourceState } from './source.ts';

/** How one of the logs is. */
export interface SourceReport {
  readonly source: number;
  readonly state: SourceState;
  readonly error: ServerKitError | null;
}

export interface MergedPart {
  /** In the order of time. */
  readonly pieces: readonly Piece[];
  /** Those of which something else is true than was told before, once all of their lines from before went out. */
  readonly reports: readonly SourceReport[];
}

export interface MergeRequest {
  readonly sources: readonly SourceStart[];
  readonly range: LogRange;
  readonly filter: LineFilter | null;
}

/** Most characters of one part. */
const partLength = 64 * 1024;
/** Logs that are followed are shown as they come: see `TimeMerge`. */
const livePace = { quietMs: 250, firstMs: 1_000, holdMs: 5_000 };

/**
 * Several logs as one, at the pace of their reader. Each source has its own credit at its agent and its own bounded room here,
 * so one that says much neither fills the memory nor holds up the others.
 */
export function mergeLogs(
  { sources, range, filter }: MergeRequest,
  { socket, ...needs }: SourceNeeds & { readonly socket?: ViewerSocket },
): AsyncIterableIterator<MergedPart, undefined> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([needs.signal, leaving.signal]);
  const merge = new TimeMerge<Piece>(sources.length, range.follow ? livePace : null, Date.now());
  const reports = new Map<number, SourceReport>();
  const last = new Map<number, SourceState>();
  let wakeReader = (): void => undefined;
  let roomy = Promise.withResolvers<void>();
  let reading = sources.length;
  let failure: { readonly error: unknown } | undefined;
  const leave = (): void => {
    leaving.abort();
    roomy.resolve();
    wakeReader();
  };
  needs.signal.addEventListener('abort', leave, { once: true });
  for (const source of sources.keys()) void run(source);

  async function run(source: number): Promise<void> {
    const start = sources[source];
    if (!start) return;
    try {
      await readSource(
        source,
        start,
        { range, filter },
        { ...needs, signal },
        {
          state: (state, error) => tell(source, state, error),
          pieces(pieces) {
            merge.push(source, pieces, Date.now());
            wakeReader();
          },
          async room() {
            while (!merge.hasRoom(source) && !signal.aborted) await roomy.promise;
          },
        },
      );
    } catch (error) {
      failure ??= { error };
    }
    reading -= 1;
    merge.close(source);
    wakeReader();
  }

  function tell(source: number, state: SourceState, error: ServerKitError | null = null): void {
    if (last.get(source) === state) return;
    last.set(source, state);
    reports.set(source, { source, state, error });
    if (state === 'OPENING' || state === 'READING') merge.open(source, Date.now());
    else merge.close(source);
    wakeReader();
  }

  function part(): MergedPart | undefined {
    const pieces = merge.take(Date.now(), partLength);
    const told = [...reports.values()].filter(mayBeTold);
    for (const { source } of told) reports.delete(source);
    if (pieces.length === 0 && told.length === 0) return undefined;
    if (pieces.length > 0) {
      roomy.resolve();
      roomy = Promise.withResolvers();
    }
    return { pieces, reports: told };
  }

  /** That a log has ended is told after its last line. */
  function mayBeTold({ source, state }: SourceReport): boolean {
    return state === 'OPENING' || state === 'READING' || merge.isEmpty(source);
  }

  /** Until something arrives, or what is here may go out. */
  function something(): Promise<void> {
    return new Promise((resolve) => {
      const due = merge.dueAt(Date.now());
      const timer = due === null ? undefined : setTimeout(resolve, Math.max(1, due - Date.now()));
      wakeReader = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function finish(): void {
    needs.signal.removeEventListener('abort', leave);
    leave();
  }

  return {
    async next() {
      // The part before has left the process once this is asked for, or is as good as gone.
      await socket?.drained(signal).catch(() => undefined);
      while (!signal.aborted) {
        if (failure) {
          finish();
          throw failure.error;
        }
        const value = part();
        if (value) return { done: false, value };
        if (reading === 0 && merge.empty) break;
        await something();
      }
      finish();
      return { done: true, value: undefined };
    },
    return() {
      finish();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
