import { closeSync, openSync, readSync } from 'node:fs';

/** Files of /proc say their size is 0 and are made anew on each read, so they are read until nothing comes. */
let buffer = Buffer.allocUnsafeSlow(16 * 1024);

/**
 * A whole small file of /proc or /sys as Latin-1 text, '' when it cannot be read. Synchronous: the kernel answers from
 * memory in microseconds, a trip through the thread pool costs more. Not for files whose read can block.
 */
export function readText(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    let length = 0;
    for (;;) {
      if (length === buffer.length) {
        const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
        buffer.copy(larger);
        buffer = larger;
      }
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      if (read === 0) return buffer.toString('latin1', 0, length);
      length += read;
    }
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}

/** A file that holds one number, or undefined. */
export function readNumber(path: string): number | undefined {
  const text = readText(path).trim();
  const value = Number(text);
  return text === '' || !Number.isFinite(value) ? undefined : value;
}
