import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { ViewerSocket } from '../context.ts';
import type { ServerKitError } from '../errors.ts';
import { protocolError } from './agent-errors.ts';
import type { AgentLink, AgentStream } from './link.ts';

/** An agent that keeps to its window never has this much wait here, though each piece were a single character. */
const maxHeld = 16 * bulkWindowBytes;

/** A bulk stream of an agent, and what its pieces weigh. */
export interface BulkRequest<Result, Variables extends { readonly windowBytes: number }, Piece> {
  readonly document: TypedDocumentNode<Result, Variables>;
  /** With a window of at most `bulkWindowBytes`. */
  readonly variables: Variables;
  readonly scopes: readonly Scope[];
  readonly pieceOf: (result: Result) => Piece;
  /** What the agent spent on it: the UTF-8 bytes of its text. */
  readonly bytesOf: (piece: Piece) => number;
  /** What it weighs while it waits. One without text weighs as well: it costs no credit, and there may be many. */
  readonly weightOf: (piece: Piece) => number;
  /** What there was more of than asked for, should an agent send it: "a log". */
  readonly noun: string;
}

/** Who reads it. */
export interface BulkReader<Piece> {
  readonly actor: string;
  readonly signal: AbortSignal;
  /** The pace is that of the reader's own socket, where there is one. */
  readonly socket?: ViewerSocket;
  /** Resolves when the reader is ready for more after this piece; for those who gather what their socket brings. */
  readonly taken?: (piece: Piece) => Promise<void>;
}

/**
 * A bulk stream as an async iterator that is never ahead of its reader: the agent may send a window of bytes, and gets
 * credit for more only when the reader has taken what came before. Memory is bounded by the window, however fast the
 * agent writes and however slowly the reader reads.
 */
export function readBulk<Result, Variables extends { readonly windowBytes: number }, Piece>(
  link: AgentLink,
  request: BulkRequest<Result, Variables, Piece>,
  reader: BulkReader<Piece>,
): AsyncIterableIterator<Piece, undefined> {
  const { bytesOf, weightOf } = request;
  const queue: Piece[] = [];
  /** What waits in the queue, by weight. */
  let held = 0;
  let unread: Piece | undefined;
  let ended: { readonly error?: ServerKitError } | undefined;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };

  const stream: AgentStream = link.subscribe(
    request.document,
    request.variables,
    { actor: reader.actor, scopes: request.scopes },
    {
      next(result) {
        const piece = request.pieceOf(result);
        held += weightOf(piece);
        if (held > maxHeld) throw protocolError(`more of ${request.noun} than it was asked for`);
        queue.push(piece);
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

  /** Asking for the next piece says that the last one was sent; it counts once the socket has let go of it. */
  async function acknowledge(): Promise<void> {
    if (unread === undefined) return;
    const piece = unread;
    unread = undefined;
    await reader.socket?.drained(reader.signal).catch(() => undefined);
    await reader.taken?.(piece);
    const bytes = bytesOf(piece);
    if (bytes > 0) stream.grant(bytes);
  }

  return {
    async next() {
      await acknowledge();
      while (queue.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      const first = queue.shift();
      if (first !== undefined) {
        held -= weightOf(first);
        unread = first;
        return { done: false, value: first };
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
