const BLOCK = 512;

/** A file of an archive. */
export interface TarFile {
  /** Without a leading slash; at most 100 bytes. */
  readonly name: string;
  readonly content: Buffer;
  /** @default 0644 */
  readonly mode?: number;
  /** Numbers of its owner and group, up to 2,097,151. @default 0 */
  readonly uid?: number;
  readonly gid?: number;
}

/** An archive of files (POSIX.1-2001, pax Interchange Format, ustar). */
export function tarOf(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap((file) => [
    headerOf(file),
    file.content,
    Buffer.alloc((BLOCK - (file.content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function headerOf({ name, content, mode = 0o644, uid = 0, gid = 0 }: TarFile): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    header.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  };
  header.write(name, 0, 'latin1');
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('0', 156, 'latin1');
  // The sum counts its own place as spaces.
  header.fill(0x20, 148, 156);
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return header;
}

/** The content of the first plain file of an archive; undefined where it begins with none. */
export function firstOf(archive: Buffer): Buffer | undefined {
  const kind = archive.toString('latin1', 156, 157);
  if (archive.length < BLOCK || (kind !== '0' && kind !== '\0')) return undefined;
  const size = Number.parseInt(archive.toString('latin1', 124, 136), 8);
  return Number.isSafeInteger(size) ? archive.subarray(BLOCK, BLOCK + size) : undefined;
}
