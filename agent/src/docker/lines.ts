import type { Readable } from 'node:stream';

/** An event or a statistic is a few KB; a line without end is not one. Bytes. */
const MAX_LINE = 4 * 1024 * 1024;

/**
 * Calls `take` with each line of a stream, until it ends. A stream that was destroyed ends too; it does not fail.
 *
 * @throws when a line is longer than any of the engine's
 */
export function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        const line = chunk.subarray(from, end);
        take((rest.length === 0 ? line : Buffer.concat([rest, line])).toString('utf8'));
        rest = Buffer.alloc(0);
        from = end + 1;
      }
      if (from < chunk.length) rest = Buffer.concat([rest, chunk.subarray(from)]);
      if (rest.length > MAX_LINE) {
        reject(new Error('a line of the engine is too long'));
        stream.destroy();
      }
    });
    stream.on('error', () => stream.destroy());
    stream.once('close', resolve);
    stream.once('end', resolve);
    // It was paused by hand, and then a listener alone does not set it going.
    stream.resume();
  });
}
