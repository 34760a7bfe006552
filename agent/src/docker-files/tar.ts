import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Whose it is, and when it was changed. */
export interface Attributes {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly mtime: Date;
}

/** An entry of an archive that the agent makes: nothing of it but the bytes comes from elsewhere. */
export type NewEntry = Attributes & {
  /** Without a folder. */
  readonly name: string;
} & (
    | { readonly content: () => Readable; readonly sizeBytes: number }
    /** Another name of one that stands before it, or is there already. */
    | { readonly linkTo: string }
    | { readonly isFolder: true }
  );

/**
 * An archive of files that are in no folder.
 *
 * @yields its bytes
 * @throws what reading a content throws
 */
export async function* archiveOf(entries: readonly NewEntry[]): AsyncGenerator<Buffer> {
  const { pack } = await import('tar-stream');
  const packer = pack();
  async function fill(): Promise<void> {
    for (const entry of entries) {
      const { uid, gid, mode, mtime, name } = entry;
      const header = { uid, gid, mode, mtime, name };
      if ('linkTo' in entry) packer.entry({ ...header, type: 'link', linkname: entry.linkTo });
      else if ('isFolder' in entry) packer.entry({ ...header, type: 'directory' });
      else await pipeline(entry.content(), packer.entry({ ...header, type: 'file', size: entry.sizeBytes }));
    }
    packer.finalize();
  }
  fill().catch((error: unknown) => packer.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    for await (const chunk of packer) if (Buffer.isBuffer(chunk)) yield chunk;
  } finally {
    // A content on its way is destroyed with it.
    packer.destroy();
  }
}

const BLOCK = 512;
/** Where a header has its type and its sum (POSIX.1-2001, ustar). */
const typeAt = 156;
const sum = { at: 148, length: 8 };

/**
 * An archive that makes the engine remove a file, or a folder with all that is in it, links not followed: before it unpacks an entry it removes what stands in its place, and then it
 * refuses an entry of a kind that it does not know (moby, archive.Unpack). The engine has no other way to remove a file of a
 * container that does not run.
 */
export async function removalOf(name: string): Promise<Buffer> {
  const { pack } = await import('tar-stream');
  const packer = pack();
  packer.entry({ name, mode: 0, mtime: new Date(0) }, '');
  packer.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packer) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const archive = Buffer.concat(chunks);
  // A long name stands in an entry before it; behind it there are two blocks of zeros.
  const header = archive.subarray(-3 * BLOCK, -2 * BLOCK);
  header.write('Z', typeAt, 'latin1');
  header.fill(' ', sum.at, sum.at + sum.length, 'latin1');
  const total = header.reduce((all, byte) => all + byte, 0);
  header.write(`${total.toString(8).padStart(6, '0')}\0 `, sum.at, 'latin1');
  return archive;
}
