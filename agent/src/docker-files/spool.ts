import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { AgentError, systemCode } from '../errors.ts';

/** A file that is still coming, on this host's disk and open to this account alone. */
export interface Spool {
  readonly received: number;
  /** What comes next. @throws AgentError CONFLICT when the disk is full */
  append(bytes: Buffer): Promise<void>;
  /** Of what came. It is not appended to any more. */
  sha256(): string;
  read(): Readable;
  /** Never throws. */
  discard(): Promise<void>;
}

/** So much of the disk is left to what else is on it. Bytes. */
const RESERVE = 64 * 1024 * 1024;

/**
 * @param promised - bytes that others were promised and have not come yet
 * @throws AgentError CONFLICT when the disk has no room for it
 */
export async function createSpool(folder: string, sizeBytes: number, promised: number): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  const room = bavail * bsize - promised - RESERVE;
  if (sizeBytes > room) {
    throw new AgentError(
      'CONFLICT',
      `The server has no room for it in ${folder}: ${Math.max(0, room)} bytes are left for files on their way.`,
    );
  }
  const file = path.join(folder, randomUUID());
  const handle = await open(file, 'wx', 0o600);
  const hash = createHash('sha256');
  let received = 0;
  let digest: string | undefined;
  return {
    get received() {
      return received;
    },
    async append(bytes) {
      try {
        for (let from = 0; from < bytes.length;) {
          const { bytesWritten } = await handle.write(bytes, from, bytes.length - from, received + from);
          from += bytesWritten;
        }
      } catch (error) {
        const code = systemCode(error);
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
        throw new AgentError(
          'CONFLICT',
          `The server's disk is full: ${folder} does not take the file.`,
          error,
        );
      }
      hash.update(bytes);
      received += bytes.length;
    },
    sha256: () => (digest ??= hash.digest('hex')),
    read: () => createReadStream(file),
    async discard() {
      await handle.close().catch(() => undefined);
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}
