import type { Readable } from 'node:stream';
import type { CreditWindow } from '../context.ts';
import { connectionError } from './engine-error.ts';
import { source, type Source } from '../source.ts';
import type { LogBatch, LogOptions, LogSegment } from './container.ts';
import type { Engine, Query } from './engine.ts';
import { FrameReader } from './frames.ts';
import { flag, object } from './json.ts';
import { LogText } from './log-text.ts';

export interface LogRequest extends Omit<LogOptions, 'id'> {
  readonly engine: Engine;
  /** The container's full id, found once the stream has begun. */
  readonly id: () => Promise<string>;
}

/**
 * A container's log as batches of text, each paid for with credit before it goes out. While there is no credit nothing is
 * read, so the engine is held back and memory stays at a few batches.
 */
export function containerLogs(
  request: LogRequest,
  credits: CreditWindow,
  outer: AbortSignal,
): Source<LogBatch> {
  return source(outer, async ({ push, signal }) => {
    const { engine } = request;
    const id = await request.id();
    const tty = flag(object(object(await engine.get(`/containers/${id}/json`))['Config'])['Tty']);
    const stream = await engine.stream(`/containers/${id}/logs`, queryOf(request), signal);
    try {
      for await (const segments of batches(stream, { tty, timestamps: request.timestamps })) {
        await credits.take(segments.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0));
        await push({ segments });
      }
    } catch (error) {
      // A consumer that left is told nothing.
      if (!signal.aborted) throw error;
    } finally {
      stream.destroy();
    }
    // The end of the connection is the end of the log, or of the engine.
    if (!signal.aborted) await engine.get('/_ping');
  });
}

function queryOf({ follow, stdout, stderr, timestamps, tail, sinceMs, untilMs }: LogRequest): Query {
  return {
    follow,
    stdout,
    stderr,
    timestamps,
    tail: tail ?? 'all',
    since: sinceMs === null ? undefined : seconds(sinceMs),
    until: untilMs === null ? undefined : seconds(untilMs),
  };
}

/** As the engine reads it: seconds, a point, nanoseconds. */
function seconds(ms: number): string {
  const whole = Math.floor(ms / 1000);
  return `${whole}.${String(ms - whole * 1000).padStart(3, '0')}000000`;
}

export async function* batches(
  stream: Readable,
  { tty, timestamps }: { tty: boolean; timestamps: boolean },
): AsyncGenerator<LogSegment[]> {
  const ready: LogSegment[][] = [];
  // A terminal has one stream, and no frames that would tell where a message begins.
  const text = new LogText((segments) => ready.push(segments), timestamps && !tty);
  const frames = new FrameReader();
  const take = text.take.bind(text);
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue;
      if (tty) text.take(1, chunk, 0, chunk.length, false);
      else frames.read(chunk, take);
      text.flush();
      yield* ready.splice(0);
    }
  } catch (error) {
    throw connectionError('', error);
  }
  text.end();
  yield* ready.splice(0);
}
