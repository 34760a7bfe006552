import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { object } from '../docker/json.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { enginePath, type OpenPlace } from './archive.ts';
import { checkedPath, isWithin, joined } from './place.ts';
import { headerOf, kindAt, send, spotOf, told } from './put.ts';
import { nothing, quoted, resolved } from './stat.ts';
import { archiveOf, removalOf } from './tar.ts';

const FOLDER_MODE = 0o755;
/** setuid and setgid. */
const RAISED = 0o6000;
/** What a program may do besides, in an archive (capabilities(7); moby, archive.ReadSecurityXattrToTarHeader). */
const CAPABILITIES = 'SCHILY.xattr.security.capability';
/** A folder with much in it. Ms. */
const REMOVE_WITHIN = 10 * 60_000;
/** Nothing is copied. Ms. */
const LINK_WITHIN = 30_000;

/** Makes a folder, whose the folder is that it is in. @returns its path @throws AgentError CONFLICT where something has its name */
export async function makeFolder(place: OpenPlace, given: string, signal: AbortSignal): Promise<string> {
  const { folder, name, kind } = await spotOf(place, given, signal);
  const path = joined(folder, name);
  if (kind !== null) throw new AgentError('CONFLICT', `There is something called ${quoted(path)} already.`);
  const { uid, gid } = await headerOf(place, folder, signal);
  throwIfAborted(signal);
  const entry = { uid, gid, mode: FOLDER_MODE, mtime: new Date(), name, isFolder: true } as const;
  await send(place, folder, Readable.from(archiveOf([entry]), { objectMode: false }), signal);
  return path;
}

/**
 * Removes a file, a link and not what it leads to, or a folder with all that is in it.
 *
 * @returns its path
 * @throws AgentError NOT_FOUND; CONFLICT for a folder that was not meant, and where something is mounted
 */
export async function removeAt(
  place: OpenPlace,
  given: string,
  recursive: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { folder, name, kind } = await spotOf(place, given, signal, true);
  const path = joined(folder, name);
  if (kind === null) throw nothing(given);
  if (kind === 'DIRECTORY' && !recursive) {
    throw new AgentError('CONFLICT', `${quoted(path)} is a folder: it goes only with all that is in it.`);
  }
  await spareMounts(place, path);
  throwIfAborted(signal);
  await remove(place, folder, name, kind === 'DIRECTORY');
  return path;
}

/**
 * Gives a file or link another name in its folder, where it is neither copied nor changed. The engine removes what has that
 * name, so it is looked at last: only what takes it in that moment is replaced.
 *
 * @returns its new path
 * @throws AgentError NOT_FOUND; CONFLICT where the name is taken, and for what the engine cannot rename
 */
export async function rename(
  place: OpenPlace,
  given: string,
  to: string,
  signal: AbortSignal,
): Promise<string> {
  const { folder, name, kind } = await spotOf(place, given, signal, true);
  const [from, path] = [joined(folder, name), checkedName(folder, to)];
  if (kind === null) throw nothing(given);
  if (kind === 'DIRECTORY') {
    // Linked anew file by file, what a program writes meanwhile would be lost with the folder of before.
    throw new AgentError(
      'CONFLICT',
      `${quoted(from)} is a folder, and Docker has no way to rename one. Use mv in a container that has it.`,
    );
  }
  await spareMounts(place, from);
  const { uid, gid, mode, mtime, pax } = await headerOf(place, from, signal);
  if (kind === 'FILE') keepRights(from, mode, pax);
  if ((await kindAt(place, path)) !== null) {
    throw new AgentError('CONFLICT', `There is something called ${quoted(path)} already.`);
  }
  throwIfAborted(signal);
  const entry = { uid, gid, mode: mode & 0o7777, mtime, name: to, linkTo: besides(name) };
  try {
    await unpack(place, folder, archiveOf([entry]), { overFolders: false, extraMs: LINK_WITHIN });
  } catch (error) {
    throw told(error, folder);
  }
  await remove(place, folder, name, false);
  return path;
}

/**
 * A name of the folder for a link to lead to. Of what has the name as it stands in the root folder, whatever folder is meant,
 * the engine believes that it is the file, and gives mode and time to the link; of a symbolic one, to what that leads to (moby,
 * archive.createTarFile).
 */
function besides(name: string): string {
  return `.serverkit-${randomBytes(8).toString('hex')}/../${name}`;
}

/** The engine gives each name an owner, and the kernel takes these from a file then. @throws AgentError CONFLICT */
function keepRights(path: string, mode: number, pax: unknown): void {
  const rights =
    mode & RAISED
      ? 'runs with the rights of its owner or group'
      : CAPABILITIES in object(pax)
        ? 'has capabilities of its own'
        : null;
  if (rights === null) return;
  throw new AgentError('CONFLICT', `${quoted(path)} ${rights}, which Docker would take from it.`);
}

function checkedName(folder: string, name: string): string {
  const path = joined(folder, name);
  if (name === '' || name === '.' || name.includes('/') || checkedPath(path) !== path) {
    throw new AgentError('INPUT_INVALID', 'This is no name of a file.');
  }
  return path;
}

/** What is mounted is somebody else's, and would lose all that is in it; what is in memory, its processes would lose sight of. */
async function spareMounts(place: OpenPlace, path: string): Promise<void> {
  for (const mount of [...place.mounts, ...place.memory]) {
    const leads = await resolved(place, mount, true).catch(() => ({ path: mount }));
    if (![mount, leads.path].some((one) => isWithin(one, path))) continue;
    throw new AgentError('CONFLICT', `${quoted(mount)} is mounted there, and is no part of the container.`);
  }
}

interface UnpackOptions {
  /** Whether what is a folder makes room as well. */
  readonly overFolders: boolean;
  /** Besides what any call of the engine may take. Ms. */
  readonly extraMs: number;
}

/** What was begun is waited for: cancelled here, the engine would do it all the same. @throws AgentError */
async function unpack(
  place: OpenPlace,
  folder: string,
  archive: AsyncIterable<Buffer> | Iterable<Buffer>,
  { overFolders, extraMs }: UnpackOptions,
): Promise<void> {
  await place.engine.call('PUT', `/containers/${place.containerId}/archive`, {
    query: { path: enginePath(place, folder), noOverwriteDirNonDir: !overFolders },
    body: Readable.from(archive, { objectMode: false }),
    extraMs,
  });
}

async function remove(place: OpenPlace, folder: string, name: string, all: boolean): Promise<void> {
  const path = joined(folder, name);
  let why: unknown;
  try {
    await unpack(place, folder, [await removalOf(name)], { overFolders: all, extraMs: REMOVE_WITHIN });
  } catch (error) {
    // It is refused in the end, whether it removed anything or not.
    why = error;
  }
  if ((await kindAt(place, path)) === null) return;
  const words = told(why, folder);
  const reason = words instanceof AgentError ? words.message : 'Docker left it';
  throw new AgentError(
    'CONFLICT',
    `${quoted(path)} is there still${all ? ', though not all that was in it may be' : ''}: ${reason}`,
    why,
  );
}
