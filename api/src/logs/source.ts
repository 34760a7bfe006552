import { setTimeout as delay } from 'node:timers/promises';
import { isServerKitError, type ServerKitError } from '../errors.ts';
import type { Agents, AgentLink } from '../agents/link.ts';
import { followLogs, type ContainerChange, type LogBatch } from '../containers/service.ts';
import type { Moment } from './moment.ts';
import type { LineFilter } from './filter.ts';
import { Pieces, type LogMark, type Piece } from './pieces.ts';

export type SourceState = 'OPENING' | 'READING' | 'ENDED' | 'OFFLINE' | 'FAILED';

/** Where a log is. */
export interface LogPlace {
  readonly serverId: string;
  /** As it was named: an id, part of one, or a name. */
  readonly containerId: string;
}

export interface SourceStart extends LogPlace {
  /** How far the clock of its server is ahead of ours, where that is known and matters. Milliseconds. */
  readonly aheadMs: number;
  /** Lines up to this one were told before. */
  readonly after: Moment | null;
}

/** What of each log is wanted. */
export interface LogRange {
  readonly tail: number | null;
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** What reading a log tells, and asks. */
export interface SourceSink {
  state(state: SourceState, error?: ServerKitError): void;
  pieces(pieces: readonly Piece[]): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
}

export interface SourceNeeds {
  readonly agents: Agents;
  /** Changes of the containers of a server, from now on. */
  readonly changes: (serverId: string, signal: AbortSignal) => AsyncIterable<ContainerChange>;
  /** Whether a container runs, as far as it is known. */
  readonly runs: (place: LogPlace) => boolean;
  /** Who reads, for the audits of agents. */
  readonly actor: string;
  readonly signal: AbortSignal;
}

/** After an end that may be none. Milliseconds. */
const againAfterMs = 1_000;

/**
 * Reads one log to its end. One that is followed goes on, without losing or repeating a line, when its server is back or its
 * container was started again.
 */
export async function readSource(
  index: number,
  start: SourceStart,
  { range, filter }: { readonly range: LogRange; readonly filter: LineFilter | null },
  needs: SourceNeeds,
  sink: SourceSink,
): Promise<void> {
  const { agents, signal } = needs;
  let mark: LogMark | null = start.after && { at: start.after, newest: start.after };
  let lost: AgentLink | undefined;
  let heard = false;
  while (!signal.aborted) {
    const link = agents.get(start.serverId);
    if (!link || link.closed.aborted || link === lost) {
      sink.state('OFFLINE');
      if (!range.follow) return;
      await linked(agents, start.serverId, signal);
      lost = undefined;
      continue;
    }
    sink.state('OPENING');
    const pieces = new Pieces({ source: index, aheadMs: start.aheadMs, after: mark, filter });
    let failure: unknown;
    try {
      await read(link, pieces);
      if (!signal.aborted) sink.state('ENDED');
    } catch (error) {
      failure = error;
    }
    mark = pieces.mark;
    if (signal.aborted) return;
    if (isServerKitError(failure, 'AGENT_OFFLINE') || isServerKitError(failure, 'OUTCOME_UNKNOWN')) {
      lost = link;
      continue;
    }
    if (failure !== undefined) sink.state('FAILED', told(failure));
    if (!range.follow || !comesBack(failure)) return;
    // Whoever reads slowly meets the end when the container may long run again, and is not told of it any more.
    const missed = heard && needs.runs(start);
    heard = false;
    if (missed) await pause(againAfterMs, signal);
    else await started(needs, start);
  }

  async function read(link: AgentLink, pieces: Pieces): Promise<void> {
    const from = mark
      ? { tail: null, sinceMs: mark.at.ms }
      : { tail: range.tail, sinceMs: byItsClock(range.sinceMs) };
    const { follow, stdout, stderr } = range;
    const untilMs = byItsClock(range.untilMs);
    const batches = followLogs(
      link,
      { id: start.containerId, ...from, untilMs, follow, stdout, stderr, timestamps: true },
      { actor: needs.actor, signal },
    );
    for await (const batch of batches) {
      sink.state('READING');
      heard = true;
      await take(batch, pieces);
    }
  }

  function byItsClock(ms: number | null): number | null {
    return ms === null ? null : ms + start.aheadMs;
  }

  async function take(batch: LogBatch, pieces: Pieces): Promise<void> {
    sink.pieces(await pieces.read(batch));
    await sink.room();
  }
}

/** Resolves after so many milliseconds, or when the reader left. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** What may be otherwise once the container runs. */
function comesBack(failure: unknown): boolean {
  return (
    failure === undefined ||
    isServerKitError(failure, 'NOT_FOUND') ||
    isServerKitError(failure, 'DOCKER_UNAVAILABLE')
  );
}

function told(failure: unknown): ServerKitError {
  if (isServerKitError(failure)) return failure;
  throw failure;
}

/** Resolves when a server has a new link, or the reader left. */
function linked(agents: Agents, serverId: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      forget();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const forget = agents.onUp((link) => {
      if (link.serverId === serverId) done();
    });
    signal.addEventListener('abort', done, { once: true });
    return undefined;
  });
}

/** Resolves when a container is told to run, or the reader left. */
async function started({ changes, signal }: SourceNeeds, { serverId, containerId }: LogPlace): Promise<void> {
  const until = new AbortController();
  const leave = AbortSignal.any([signal, until.signal]);
  for await (const { containers } of changes(serverId, leave)) {
    const runs = containers.some(
      ({ id, name, state }) => state === 'RUNNING' && (name === containerId || id.startsWith(containerId)),
    );
    if (runs) break;
  }
  until.abort();
}
