import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { archiveOf } from '../docker-files/tar.ts';
import { requireTar } from './context-archive.ts';

async function tar(): Promise<Buffer> {
  const content = Buffer.from('FROM scratch\n');
  const entry = { name: 'Dockerfile', uid: 0, gid: 0, mode: 0o644, mtime: new Date(0) };
  const chunks: Buffer[] = [];
  const entries = [{ ...entry, sizeBytes: content.length, content: () => Readable.from([content]) }];
  for await (const chunk of archiveOf(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** As it comes from a disk that is slow. */
const looked = (bytes: Buffer, piece = 100) =>
  requireTar(() => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
      bytes.subarray(index * piece, (index + 1) * piece),
    );
    return Readable.from(pieces, { objectMode: false });
  });

test('an archive is one as it is and compressed', async () => {
  const archive = await tar();
  await expect(looked(archive)).resolves.toBeUndefined();
  await expect(looked(gzipSync(archive))).resolves.toBeUndefined();
});

test('what is none is refused, however it is wrapped', async () => {
  const archive = await tar();
  const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(2000)]);
  for (const other of [
    Buffer.from('FROM busybox\n'),
    Buffer.alloc(1024),
    randomBytes(4096),
    zip,
    gzipSync(Buffer.from('FROM busybox\n'.repeat(1000))),
    gzipSync(archive).subarray(0, 20),
    Buffer.from([0x1f, 0x8b]),
    archive.subarray(0, 400),
  ]) {
    await expect(looked(other)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  }
});
