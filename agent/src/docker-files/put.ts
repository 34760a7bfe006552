import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { AgentError } from '../errors.ts';
import { enginePath, entriesOf, openArchive, type ArchiveEntry, type OpenPlace } from './archive.ts';
import type { FileKind } from './entry.ts';
import { isWithin, joined } from './place.ts';
import { quoted, resolved, statOf } from './stat.ts';
import { archiveOf, removalOf, type Attributes } from './tar.ts';

/** Where a file is to be. */
export interface Target {
  /** A folder that is there, links followed. */
  readonly folder: string;
  readonly name: string;
  /** Whether a file of this name is there. */
  readonly exists: boolean;
}

const NEW_MODE = 0o644;
/** An archive with nothing in it (POSIX.1-2001, ustar). */
const emptyArchive = Buffer.alloc(1024);

/** A name in a folder, which may be free. */
export interface Spot extends Pick<Target, 'folder' | 'name'> {
  /** What is there, a link not followed. */
  readonly kind: FileKind | null;
}

/**
 * @param given - checked
 * @throws AgentError NOT_FOUND where its folder is not, CONFLICT where nothing can be changed in that
 */
export async function spotOf(
  place: OpenPlace,
  given: string,
  signal: AbortSignal,
  stepwise?: boolean,
): Promise<Spot> {
  if (given === '/') throw new AgentError('INPUT_INVALID', 'The path must end with a name.');
  const folder = await resolved(place, path.posix.dirname(given), stepwise);
  if (folder.kind !== 'DIRECTORY') throw new AgentError('CONFLICT', `${quoted(folder.path)} is no folder.`);
  const hidden = place.memory.find((mount) => isWithin(folder.path, mount));
  if (hidden !== undefined) {
    throw new AgentError(
      'CONFLICT',
      `${quoted(hidden)} is in the memory of the running container, where Docker puts no files.`,
    );
  }
  const name = path.posix.basename(given);
  const kind = await kindAt(place, joined(folder.path, name));
  // Of a folder that it may not write to, the engine says so before there is anything to write.
  await send(place, folder.path, Readable.from([emptyArchive]), signal);
  return { folder: folder.path, name, kind };
}

/**
 * @param given - checked
 * @throws AgentError NOT_FOUND where its folder is not, CONFLICT where no file can be, or none is taken
 */
export async function targetOf(place: OpenPlace, given: string, signal: AbortSignal): Promise<Target> {
  const { folder, name, kind } = await spotOf(place, given, signal);
  if (kind !== null && kind !== 'FILE') {
    throw new AgentError('CONFLICT', `${quoted(given)} is there and is no file, so it is not replaced.`);
  }
  return { folder, name, exists: kind !== null };
}

export async function kindAt(place: OpenPlace, given: string) {
  try {
    return (await statOf(place, given)).kind;
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

export interface PutOptions {
  readonly sizeBytes: number;
  readonly content: () => Readable;
  readonly signal: AbortSignal;
  /** Told the name of a half file that could not be removed. */
  readonly onLeft: (name: string) => void;
}

/**
 * Puts a file in its place, where it appears whole or not at all: it comes under a name of its own and gets the other one
 * once it is there. A file that was there gives it its owner and rights; else the folder gives the owner.
 *
 * The engine removes what has the name before it gives it to the new file, so that it can is tried first, with a name that
 * nobody needs: there are file systems on which a file has one name only.
 *
 * Cancelling it counts as long as the content is on its way.
 *
 * @throws AgentError; what was there before is there still then, or the message says where its successor is
 */
export async function put(
  place: OpenPlace,
  target: Target,
  { sizeBytes, content, signal, onLeft }: PutOptions,
): Promise<void> {
  const { folder, name, exists } = target;
  const attributes = await attributesOf(place, exists ? joined(folder, name) : folder, exists, signal);
  const stem = `.serverkit-${randomBytes(8).toString('hex')}`;
  const [own, trial] = [`${stem}.part`, `${stem}.link.part`];
  try {
    const archive = archiveOf([
      { ...attributes, name: own, sizeBytes, content },
      { ...attributes, name: trial, linkTo: own },
      { ...attributes, name, linkTo: own },
    ]);
    using until = whileAborting(signal);
    const body = tellingWhen(archive, sizeBytes, until.leave);
    await send(place, folder, Readable.from(body, { objectMode: false }), until.signal);
  } catch (error) {
    if (!(await isLost(place, target).catch(() => false))) throw error;
    throw new AgentError(
      'DOCKER_ERROR',
      `Docker broke off while it replaced ${quoted(joined(folder, name))}; what was uploaded is beside it as ${own}.`,
      error,
    );
  } finally {
    for (const part of [trial, own]) if (!(await clear(place, target, part))) onLeft(part);
  }
}

/** A signal that follows another one until it is left. */
function whileAborting(signal: AbortSignal) {
  const own = new AbortController();
  const abort = (): void => own.abort(signal.reason);
  const leave = (): void => signal.removeEventListener('abort', abort);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return { signal: own.signal, leave, [Symbol.dispose]: leave };
}

/**
 * An archive, and when the content that it begins with is out: with what little follows the file gets its name, so from then on
 * a cancel would come too late, and must not be told as one.
 *
 * @param contentOut - called before the rest goes out
 * @yields the archive
 */
async function* tellingWhen(
  archive: AsyncIterable<Buffer>,
  sizeBytes: number,
  contentOut: () => void,
): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of archive) {
    sent += chunk.length;
    if (sent >= sizeBytes) contentOut();
    yield chunk;
  }
}

/** Whether a file that was there has no successor of its name. */
async function isLost(place: OpenPlace, { folder, name, exists }: Target): Promise<boolean> {
  return exists && (await kindAt(place, joined(folder, name))) === null;
}

/**
 * Removes a half name, unless it is the only one that the content of a replaced file has.
 *
 * @returns false when it is there still, or the engine cannot be asked. Never throws
 */
export async function clear(place: OpenPlace, target: Target, part: string): Promise<boolean> {
  try {
    return (await isLost(place, target)) || (await remove(place, target.folder, part));
  } catch {
    return false;
  }
}

async function attributesOf(
  place: OpenPlace,
  given: string,
  isFile: boolean,
  signal: AbortSignal,
): Promise<Attributes> {
  const { uid, gid, mode } = await headerOf(place, given, signal);
  return { uid, gid, mode: isFile ? mode & 0o777 : NEW_MODE, mtime: new Date() };
}

/** Whose something is, its permission bits, setuid, setgid and sticky, and what else an archive says of it. */
export async function headerOf(
  place: OpenPlace,
  given: string,
  signal: AbortSignal,
): Promise<ArchiveEntry['header']> {
  for await (const { header } of entriesOf(await openArchive(place, given, signal))) return header;
  throw new AgentError('DOCKER_ERROR', 'Docker broke off while it read the files.');
}

export async function send(
  place: OpenPlace,
  folder: string,
  body: Readable,
  signal: AbortSignal,
): Promise<void> {
  try {
    const reply = await place.engine.open('PUT', `/containers/${place.containerId}/archive`, {
      query: { path: enginePath(place, folder), noOverwriteDirNonDir: true },
      body,
      signal,
    });
    await finished(reply.resume());
  } catch (error) {
    throw told(error, folder, signal);
  } finally {
    body.destroy();
  }
}

/** What of the engine's words a person can do something about. @param signal - of what was cut off by it */
export function told(error: unknown, folder: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return new AgentError('CANCELLED', 'It was cancelled; nothing of it was kept.');
  if (!(error instanceof AgentError)) return error;
  if (/no space left|disk quota exceeded/i.test(error.message)) {
    return new AgentError(
      'CONFLICT',
      `The disk that ${quoted(folder)} is on is full; nothing was kept.`,
      error,
    );
  }
  if (/read-?only/i.test(error.message)) {
    return new AgentError('CONFLICT', `${quoted(folder)} is read-only, so nothing can be put there.`, error);
  }
  return error;
}

/** @returns false when it is there still, or the engine cannot be asked. Never throws. */
async function remove(place: OpenPlace, folder: string, name: string): Promise<boolean> {
  const signal = AbortSignal.timeout(30_000);
  try {
    if ((await kindAt(place, joined(folder, name))) === null) return true;
    // It is refused in the end, whether it removed the file or not.
    await send(place, folder, Readable.from([await removalOf(name)]), signal).catch(() => undefined);
    return (await kindAt(place, joined(folder, name))) === null;
  } catch {
    return false;
  }
}
