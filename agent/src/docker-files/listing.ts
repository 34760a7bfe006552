import type { Header } from 'tar-stream';
import { AgentError } from '../errors.ts';
import { entriesOf, openArchive, type OpenPlace } from './archive.ts';
import { entryOf, type FileEntry } from './entry.ts';
import { quoted, resolved } from './stat.ts';

export interface FilePage {
  /** The folder, links followed. */
  readonly path: string;
  readonly items: readonly FileEntry[];
  /** For the next page; null when this is the last one. */
  readonly next: string | null;
  /** False when looking was given up, as the folders in it hold too much: there is more than is told. */
  readonly complete: boolean;
}

export interface ListOptions {
  readonly first: number;
  /** `next` of the page before. */
  readonly after: string | null;
  /** For how long it is looked. Ms. */
  readonly withinMs: number;
}

/**
 * What is in a folder, by the bytes of the names. The engine's only way to tell is the archive of the folder with all that
 * is below it, which is therefore read up to the end of the page, and no longer than it is wanted.
 *
 * @param path - checked
 * @throws AgentError NOT_FOUND, CONFLICT for what is no folder
 */
export async function listed(
  place: OpenPlace,
  path: string,
  { first, after, withinMs }: ListOptions,
  outer: AbortSignal,
): Promise<FilePage> {
  const folder = await resolved(place, path);
  if (folder.kind !== 'DIRECTORY') throw new AgentError('CONFLICT', `${quoted(path)} is no folder.`);
  const patience = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([outer, patience]);
  const cursor = after === null ? null : Buffer.from(after, 'base64url');
  const items: FileEntry[] = [];
  const page = (next: string | null, complete: boolean): FilePage => ({
    path: folder.path,
    items,
    next,
    complete,
  });
  let own: string | undefined;
  let last: Buffer | undefined;
  try {
    for await (const { header } of entriesOf(await openArchive(place, folder.path, signal))) {
      if (signal.aborted) break;
      // The first is the folder itself, and tells what stands before the others.
      if (own === undefined) {
        own = prefixOf(header);
        continue;
      }
      const name = nameIn(own, header);
      if (name === undefined) continue;
      const bytes = Buffer.from(name);
      if (cursor && bytes.compare(cursor) <= 0) continue;
      if (items.length === first) return page(last?.toString('base64url') ?? null, true);
      items.push(entryOf(header, name));
      last = bytes;
    }
  } catch (error) {
    if (!patience.aborted || outer.aborted) throw error;
  }
  return page(null, !patience.aborted);
}

function prefixOf({ name }: Header): string {
  const plain = name.replace(/^\/+/, '');
  return plain === '' || plain.endsWith('/') ? plain : `${plain}/`;
}

/** The name of an entry that is in the folder itself. */
function nameIn(own: string, { name }: Header): string | undefined {
  const plain = name.replace(/^\/+/, '');
  if (!plain.startsWith(own)) return undefined;
  const rest = plain.slice(own.length).replace(/\/$/, '');
  return rest === '' || rest.includes('/') ? undefined : rest;
}
