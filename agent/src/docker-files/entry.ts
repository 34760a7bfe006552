import type { Header } from 'tar-stream';

export const fileKinds = ['FILE', 'DIRECTORY', 'SYMLINK', 'OTHER'] as const;
export type FileKind = (typeof fileKinds)[number];

/** One thing in a folder. */
export interface FileEntry {
  /** Bytes that are not UTF-8 become U+FFFD. */
  readonly name: string;
  readonly kind: FileKind;
  /** As it says it is: one with holes takes less. Null for what has no content of its own. */
  readonly sizeBytes: number | null;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  /** Numbers of its user and group, as inside. */
  readonly uid: number;
  readonly gid: number;
  /** Ms since 1970, whole seconds. */
  readonly modifiedAt: number;
  /** Where a symbolic link points, as it is written. */
  readonly linkTarget: string | null;
}

const kinds: Partial<Record<Header['type'], FileKind>> = {
  file: 'FILE',
  'contiguous-file': 'FILE',
  // Another name of a file that stands before it in the archive.
  link: 'FILE',
  directory: 'DIRECTORY',
  symlink: 'SYMLINK',
};

export function kindOf({ type }: Header): FileKind {
  return kinds[type] ?? 'OTHER';
}

/** @param name - without the folder it is in */
export function entryOf(header: Header, name: string): FileEntry {
  const kind = kindOf(header);
  return {
    name,
    kind,
    // The archive holds the content of a file with several names once.
    sizeBytes: kind === 'FILE' && header.type !== 'link' ? header.size : null,
    mode: header.mode & 0o7777,
    uid: header.uid,
    gid: header.gid,
    modifiedAt: header.mtime.getTime(),
    linkTarget: kind === 'SYMLINK' ? header.linkname : null,
  };
}
