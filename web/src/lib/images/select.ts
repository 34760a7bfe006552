import { fold } from '../fleet/select.ts';
import type { ImageEntry } from './images.ts';

/** What an image is to the containers of its server. */
export const imageUses = ['USED', 'UNUSED', 'DANGLING'] as const;
export type ImageUse = (typeof imageUses)[number];

export const imageSorts = ['newest', 'name', 'size', 'server'] as const;
export type ImageSort = (typeof imageSorts)[number];

export interface ImageSelection {
  readonly text: string;
  readonly uses: readonly ImageUse[];
  readonly servers: readonly string[];
  readonly sort: ImageSort;
}

/** One without a tag that nobody uses is dangling, not merely unused. */
export function useOf({ row }: ImageEntry): ImageUse {
  if (row.containers.length > 0) return 'USED';
  return row.tags.length === 0 ? 'DANGLING' : 'UNUSED';
}

/** What an image is called in a line: its first tag, else what a registry calls it, else the beginning of its id. */
export function shownName(row: { id: string; tags: readonly string[]; digests: readonly string[] }): string {
  return row.tags[0] ?? row.digests[0]?.split('@')[0] ?? shortId(row.id);
}

/** As the docker command shows it. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** What a container was made of, as a list tells it: Docker names an image by its whole id once its tag went to another. */
export const imageText = (image: string): string => (image.startsWith('sha256:') ? shortId(image) : image);

const words = (a: string, b: string): number => a.localeCompare(b, undefined, { numeric: true });

/** Filters and sorts. `serverName` tells a server's name from its id. */
export function selectImages(
  entries: readonly ImageEntry[],
  { text, uses, servers, sort }: ImageSelection,
  serverName: (id: string) => string,
): readonly ImageEntry[] {
  const wanted = fold(text).split(/\s+/).filter(Boolean);
  const byName = (a: ImageEntry, b: ImageEntry) => words(shownName(a.row), shownName(b.row));
  const orders: Record<ImageSort, (a: ImageEntry, b: ImageEntry) => number> = {
    newest: (a, b) => Date.parse(b.row.createdAt) - Date.parse(a.row.createdAt),
    name: byName,
    size: (a, b) => b.row.sizeBytes - a.row.sizeBytes,
    server: (a, b) => words(serverName(a.serverId), serverName(b.serverId)),
  };
  const matches = ({ row, serverId }: ImageEntry): boolean => {
    const where = fold([...row.tags, ...row.digests, row.id, serverName(serverId)].join('\n'));
    return wanted.every((word) => where.includes(word));
  };
  return entries
    .filter((entry) => uses.length === 0 || uses.includes(useOf(entry)))
    .filter(({ serverId }) => servers.length === 0 || servers.includes(serverId))
    .filter((entry) => wanted.length === 0 || matches(entry))
    .toSorted((a, b) => orders[sort](a, b) || byName(a, b));
}
