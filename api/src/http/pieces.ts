import type { IncomingMessage } from 'node:http';

export interface BodyOptions {
  /** Of a piece. Bytes. */
  readonly size: number;
  readonly signal: AbortSignal;
  /** Some came, be it less than a piece. */
  readonly onBytes: () => void;
}

/**
 * The body of a request, at the pace of whoever reads it. Unlike Node's own iterator it can be left while nothing comes, and
 * what is left of the body then is passed over, so that the client reads the answer.
 *
 * @yields in pieces of one size, but for the last
 * @throws the signal's reason; an Error when the client leaves
 */
export async function* piecesOf(
  request: IncomingMessage,
  { size, signal, onBytes }: BodyOptions,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunksOf(request, signal)) {
    onBytes();
    waiting.push(chunk);
    held += chunk.length;
    if (held < size) continue;
    const all = Buffer.concat(waiting, held);
    let from = 0;
    for (; held - from >= size; from += size) yield all.subarray(from, from + size);
    // Copied, or the little that is left would hold all of it.
    waiting = [Buffer.from(all.subarray(from))];
    held -= from;
  }
  if (held > 0) yield Buffer.concat(waiting, held);
}

async function* chunksOf(request: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  let next: Buffer | undefined;
  let ended = false;
  let wake = (): void => undefined;
  const look = (): void => wake();
  const take = (chunk: Buffer): void => {
    request.pause();
    next = chunk;
    wake();
  };
  const end = (): void => {
    ended = true;
    wake();
  };
  request.on('data', take).on('end', end).on('close', look);
  signal.addEventListener('abort', look);
  try {
    for (;;) {
      signal.throwIfAborted();
      const chunk = next;
      if (chunk) {
        next = undefined;
        yield chunk;
        request.resume();
      } else if (ended) return;
      else if (request.destroyed) throw new Error('the client left');
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener('abort', look);
    request.off('data', take).off('end', end).off('close', look).resume();
  }
}
