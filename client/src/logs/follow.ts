import { Backoff, pause } from '../backoff.ts';
import type { Client } from '../client.ts';
import { ServerKitError } from '../errors.ts';
import {
  ContainerLogsDocument,
  type ContainerLogsSubscription,
  type ContainerLogsSubscriptionVariables,
} from '../generated/operations.ts';
import { iterate } from '../iterate.ts';
import type { StreamEvent } from '../stream.ts';
import { LogPosition, type LogLine } from './position.ts';

/** Whose log, and which part of it. */
export type LogRequest = Omit<ContainerLogsSubscriptionVariables, 'timestamps'>;

export interface LogOptions {
  readonly signal?: AbortSignal;
  /** Told when the log cannot be had for the moment: it will be asked for again. */
  readonly onInterruption?: (error: ServerKitError) => void;
}

/** Parts of the log that may wait to be read, 64 KB each at most. */
const limit = 32;

/** The longest pause before a server that went away is asked again, in milliseconds. */
const longestPauseMs = 10_000;

type LogVariables = ContainerLogsSubscriptionVariables;
type Events = AsyncIterableIterator<StreamEvent<ContainerLogsSubscription>, undefined>;

/**
 * A container's log, line by line; with `follow`, the default, until the container stops. It is never ahead of its reader:
 * while nothing is read, the container's server does not send. After a lost connection, or when the server itself was away,
 * it goes on with the next line: none is lost, none comes twice. Scope: docker:containers:read.
 *
 * @throws ServerKitApiError from the iteration
 */
export function followLogs(
  client: Client,
  request: LogRequest,
  options: LogOptions = {},
): AsyncIterableIterator<LogLine, undefined> {
  const batches = logBatches(client, request, options);
  async function* lines(): AsyncGenerator<LogLine, undefined> {
    for await (const batch of batches) yield* batch;
  }
  return iterate(lines(), () => void batches.return?.());
}

/** The same in batches, as they come: for those who write a log on rather than look at each line. */
export function logBatches(
  client: Client,
  request: LogRequest,
  options: LogOptions = {},
): AsyncIterableIterator<readonly LogLine[], undefined> {
  const left = new AbortController();
  let events: Events | undefined;
  const open = (variables: () => LogVariables): Events => {
    const { signal } = options;
    events = client.stream(ContainerLogsDocument, variables, {
      signal,
      backlog: { overflow: 'wait', limit },
    });
    return events;
  };
  return iterate(read(open, request, options, left.signal), () => {
    left.abort();
    void events?.return?.();
  });
}

async function* read(
  open: (variables: () => LogVariables) => Events,
  request: LogRequest,
  { signal, onInterruption }: LogOptions,
  left: AbortSignal,
): AsyncGenerator<readonly LogLine[], undefined> {
  const position = new LogPosition();
  const backoff = new Backoff(longestPauseMs);
  // "From now on" has to be a place in the log, or what is written during a break would be lost.
  const fromNowOn = request.tail === 0 && request.follow !== false;
  let had = false;
  if (fromNowOn) {
    const last = await lastInstant(open(() => ({ ...request, timestamps: true, tail: 1, follow: false })));
    if (last !== undefined) position.startAfter(last);
    had = true;
  }
  const variables = (): LogVariables => {
    const { since } = position;
    const from = since === undefined ? {} : { since, tail: null };
    return { ...request, timestamps: true, ...(fromNowOn && { tail: null }), ...from };
  };
  while (!left.aborted) {
    try {
      for await (const { data, gap } of open(variables)) {
        if (gap) position.rewind();
        had = true;
        backoff.reset();
        const lines = data.containerLogs.segments.flatMap((segment) => position.take(segment));
        if (lines.length > 0) yield lines;
      }
      return undefined;
    } catch (error) {
      // What could not be had at all is told at once; what was being read is waited for.
      const passing = had && error instanceof ServerKitError && error.retryable;
      if (!passing || signal?.aborted) throw error;
      onInterruption?.(error);
      await pause(backoff.next(), signal ? AbortSignal.any([signal, left]) : left);
    }
  }
  return undefined;
}

async function lastInstant(events: Events): Promise<string | undefined> {
  const position = new LogPosition();
  let last: string | undefined;
  for await (const { data } of events) {
    for (const { at } of data.containerLogs.segments.flatMap((segment) => position.take(segment))) {
      if (at !== '') last = at;
    }
  }
  return last;
}
