import { object, number, parse, text, textOrNull } from '../docker/json.ts';
import { AgentError } from '../errors.ts';
import { enginePath, type OpenPlace } from './archive.ts';
import type { FileKind } from './entry.ts';
import { isWithin, joined } from './place.ts';

/** What the engine tells of one path. */
export interface FileStat {
  readonly name: string;
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** Where a link leads in the end, as the engine names it; null for what is none. */
  readonly leadsTo: string | null;
}

/** Of Go's os.FileMode. */
const modeDirectory = 2 ** 31;
const modeSymlink = 2 ** 27;
/** Device, named pipe, socket, character device, irregular. */
const modeOther = 2 ** 26 + 2 ** 25 + 2 ** 24 + 2 ** 21 + 2 ** 19;

const has = (mode: number, bits: number): boolean => (BigInt(mode) & BigInt(bits)) !== 0n;

/** @throws AgentError NOT_FOUND, or CONFLICT where something in its way is no folder */
export async function statOf(place: OpenPlace, path: string): Promise<FileStat> {
  const headers = await place.engine
    .head(`/containers/${place.containerId}/archive`, { path: enginePath(place, path) })
    .catch((error: unknown) => {
      // The reply has no words, as it has no body.
      if (error instanceof AgentError && error.code === 'NOT_FOUND') throw nothing(path);
      throw error;
    });
  const told = headers['x-docker-container-path-stat'];
  const stat = object(parse(Buffer.from(typeof told === 'string' ? told : '', 'base64').toString('utf8')));
  const mode = number(stat['mode']) ?? 0;
  return {
    name: text(stat['name']),
    kind: has(mode, modeDirectory)
      ? 'DIRECTORY'
      : has(mode, modeSymlink)
        ? 'SYMLINK'
        : has(mode, modeOther)
          ? 'OTHER'
          : 'FILE',
    sizeBytes: number(stat['size']) ?? 0,
    leadsTo: has(mode, modeSymlink) ? textOrNull(stat['linkTarget']) : null,
  };
}

/** Something that was found, without a link in its path. */
export interface Found extends FileStat {
  readonly path: string;
}

/**
 * Follows the links in a path. The engine does so as well, within its container; but a link out of a volume would lead to
 * where nothing of the volume is, so each step of a volume's path is looked at.
 *
 * @param path - checked
 * @param stepwise - names what was found without any link, which takes a look at each step
 * @throws AgentError NOT_FOUND; CONFLICT for a link that leads out of the volume
 */
export async function resolved(place: OpenPlace, path: string, stepwise = place.root !== ''): Promise<Found> {
  const names = path.split('/').filter((name) => name !== '');
  const steps = stepwise ? names : [names.join('/')];
  let at = '/';
  let stat = steps.length === 0 || path === '/' ? await statOf(place, '/') : undefined;
  for (const step of path === '/' ? [] : steps) {
    at = joined(at, step);
    stat = await statOf(place, at);
    if (stat.leadsTo === null) continue;
    at = inside(place, stat.leadsTo, at);
    stat = await statOf(place, at);
    // The engine follows a chain to its end, so another link here goes in circles.
    if (stat.kind === 'SYMLINK') throw nothing(path);
  }
  if (!stat) throw nothing(path);
  return { ...stat, path: at };
}

function inside({ root }: OpenPlace, target: string, link: string): string {
  if (!isWithin(target, root || '/')) {
    throw new AgentError('CONFLICT', `${quoted(link)} is a link that leads out of the volume.`);
  }
  return target.slice(root.length) || '/';
}

export function nothing(path: string): AgentError {
  return new AgentError('NOT_FOUND', `There is no ${quoted(path)} there.`);
}

/** A name as it can stand in a sentence: it may hold anything. */
export function quoted(path: string): string {
  const shown = path.length > 120 ? `…${path.slice(-119)}` : path;
  return JSON.stringify(shown.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}'));
}
