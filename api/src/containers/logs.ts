import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import { protocolError } from '../agents/agent-errors.ts';
import type { AgentLink, AgentStream } from '../agents/link.ts';
import type { ViewerSocket } from '../context.ts';
import type { ServerKitError } from '../errors.ts';
import type {
  ContainerLogsSubscription,
  ContainerLogsSubscriptionVariables,
} from '../generated/agent/graphql.ts';
import { ContainerLogsDocument } from './operations.ts';

export type LogBatch = ContainerLogsSubscription['containerLogs'];

export type LogOptions = Omit<ContainerLogsSubscriptionVariables, 'windowBytes'>;

const segmentWeight = 8;
/** An agent that keeps to its window never has this much wait here, though each piece were a single character. */
const maxHeld = 16 * bulkWindowBytes;

/**
 * A container's log as an async iterator that is never ahead of its reader: the agent may send a window of bytes, and
 * gets credit for more only when the viewer's own socket has taken what came before. Memory is bounded by the window,
 * however fast the container writes and however slowly the viewer reads.
 */
export function followLogs(
  link: AgentLink,
  options: LogOptions,
  reader: { readonly actor: string; readonly signal: AbortSignal; readonly socket?: ViewerSocket },
): AsyncIterableIterator<LogBatch, undefined> {
  const queue: { readonly batch: LogBatch; readonly bytes: number }[] = [];
  /** What waits in the queue, by weight. */
  let held = 0;
  let unread = 0;
  let ended: { readonly error?: ServerKitError } | undefined;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };

  const stream: AgentStream = link.subscribe(
    ContainerLogsDocument,
    { ...options, windowBytes: bulkWindowBytes },
    { actor: reader.actor, scopes: ['docker:containers:read'] },
    {
      next({ containerLogs: batch }) {
        held += weightOf(batch);
        if (held > maxHeld) throw protocolError('more of a log than it was asked for');
        queue.push({ batch, bytes: bytesOf(batch) });
        notify();
      },
      end(error) {
        ended = error ? { error } : {};
        notify();
      },
    },
  );

  function stop(): void {
    reader.signal.removeEventListener('abort', stop);
    queue.length = 0;
    ended ??= {};
    stream.stop();
    notify();
  }
  if (reader.signal.aborted) stop();
  else reader.signal.addEventListener('abort', stop, { once: true });

  /** Asking for the next batch says that the last one was sent; it counts once the socket has let go of it. */
  async function acknowledge(): Promise<void> {
    if (unread === 0) return;
    const bytes = unread;
    unread = 0;
    await reader.socket?.drained(reader.signal).catch(() => undefined);
    stream.grant(bytes);
  }

  return {
    async next() {
      await acknowledge();
      while (queue.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      const first = queue.shift();
      if (first) {
        held -= weightOf(first.batch);
        unread = first.bytes;
        return { done: false, value: first.batch };
      }
      const failure = ended?.error;
      ended = {};
      stop();
      if (failure !== undefined) throw failure;
      return { done: true, value: undefined };
    },
    return() {
      stop();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** A piece without text weighs as well: it costs no credit, and there may be many. */
function weightOf({ segments }: LogBatch): number {
  return segments.reduce((sum, { text }) => sum + text.length + segmentWeight, segmentWeight);
}

/** What the agent spent on a batch: the UTF-8 bytes of its text. */
function bytesOf({ segments }: LogBatch): number {
  return segments.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}
