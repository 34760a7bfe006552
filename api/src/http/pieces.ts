import type { IncomingMessage } from 'node:http';

export interface BodyOptions {
  /** Of a piece. Bytes. */
  readonly size: number;
  readonly signal: AbortSignal;
  /** So many came, be it less than a piece. */
  readonly onBytes: (bytes: number) => void;
  /** What came goes on after so long, though it fills no piece: whoever it is for waits for a sign of life. Ms. @default 10_000 */
  readonly lingerMs?: number;
}

const nothing = Buffer.alloc(0);

/**
 * The body of a request, at the pace of whoever reads it. Unlike Node's own iterator it can be left while nothing comes, and
 * what is left of the body then is passed over, so that the client reads the answer.
 *
 * @yields in pieces of one size, but for the last, and those that lingered
 * @throws the signal's reason; an Error when the client leaves
 */
export async function* piecesOf(
  request: IncomingMessage,
  { size, signal, onBytes, lingerMs = 10_000 }: BodyOptions,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let held = 0;
  let since = 0;
  for await (const chunk of chunksOf(request, signal, lingerMs)) {
    if (chunk.length > 0) {
      if (held === 0) since = performance.now();
      onBytes(chunk.length);
      waiting.push(chunk);
      held += chunk.length;
    }
    if (held < size) {
      if (held === 0 || performance.now() - since < lingerMs) continue;
      yield Buffer.concat(waiting, held);
      [waiting, held] = [[], 0];
      continue;
    }
    const all = Buffer.concat(waiting, held);
    let from = 0;
    for (; held - from >= size; from += size) yield all.subarray(from, from + size);
    // Copied, or the little that is left would hold all of it.
    waiting = [Buffer.from(all.subarray(from))];
    held -= from;
    since = performance.now();
  }
  if (held > 0) yield Buffer.concat(waiting, held);
}

/** @yields what comes; nothing, when nothing came for a while */
async function* chunksOf(
  request: IncomingMessage,
  signal: AbortSignal,
  quietMs: number,
): AsyncGenerator<Buffer> {
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
  /** False when it was quiet for too long. */
  const woken = (): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), quietMs);
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
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
      else if (!(await woken())) yield nothing;
    }
  } finally {
    signal.removeEventListener('abort', look);
    request.off('data', take).off('end', end).off('close', look).resume();
  }
}
