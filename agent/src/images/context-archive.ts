import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AgentError } from '../errors.ts';

const BLOCK = 512;
/** Where a header has its sum (POSIX.1-2001, ustar). */
const sum = { at: 148, length: 8 };

/**
 * Looks at the beginning of what was sent to be built, so that what is none is refused in words that name it, before
 * anything is begun.
 *
 * @throws AgentError INPUT_INVALID
 */
export async function requireTar(read: () => Readable): Promise<void> {
  let head = await beginning(read());
  // RFC 1952, 2.3.1.
  if (head[0] === 0x1f && head[1] === 0x8b)
    head = await beginning(unzipped(read())).catch(() => Buffer.alloc(0));
  if (!isHeader(head)) {
    throw new AgentError(
      'INPUT_INVALID',
      'This is no tar archive with something in it, neither as it is nor compressed with gzip.',
    );
  }
}

function unzipped(source: Readable): Readable {
  const unzip = createGunzip();
  source.on('error', (error) => unzip.destroy(error));
  unzip.on('close', () => source.destroy());
  return source.pipe(unzip);
}

/** As much as a header has, or less where there is no more. */
async function beginning(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= BLOCK) break;
  }
  return Buffer.concat(chunks).subarray(0, BLOCK);
}

/** Whether its sum is right, which counts its own place as spaces. */
function isHeader(block: Buffer): boolean {
  if (block.length < BLOCK) return false;
  const told = /^\s*([0-7]+)[\s\0]*$/.exec(block.toString('latin1', sum.at, sum.at + sum.length))?.[1];
  if (told === undefined) return false;
  const total = block.reduce(
    (all, byte, at) => all + (at >= sum.at && at < sum.at + sum.length ? 0x20 : byte),
    0,
  );
  return Number.parseInt(told, 8) === total;
}
