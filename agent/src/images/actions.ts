import { parseImageReference, shownName } from '@serverkit/wire/image-reference.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { array, object, text } from '../docker/json.ts';
import type { Image, RemovedImage } from './image.ts';
import { allImages, resolveImage } from './list.ts';

/** To delete many layers. Ms. */
const AFTERWARDS = 120_000;

/**
 * Gives an image another name.
 *
 * @returns the image as it is now
 * @throws AgentError
 */
export async function tagImage(
  engine: Engine,
  reference: string,
  target: string,
  signal: AbortSignal,
): Promise<Image> {
  const name = parseImageReference(target);
  if (!name || name.digest !== null) {
    throw new AgentError('INPUT_INVALID', 'target must be a name such as registry.example/team/app:1.2.');
  }
  const { image } = resolveImage(reference, await allImages(engine));
  throwIfAborted(signal);
  await engine.post(`/images/${image.id}/tag`, { repo: shownName(name), tag: name.tag ?? 'latest' });
  return resolveImage(image.id, await allImages(engine)).image;
}

/**
 * Takes a name off an image, and deletes the image with the last of them; by id, deletes it with its one name.
 *
 * @param force - with all of its names, and though stopped containers were made from it
 * @throws AgentError CONFLICT when it is in use
 */
export async function removeImage(
  engine: Engine,
  reference: string,
  force: boolean,
  signal: AbortSignal,
): Promise<RemovedImage> {
  const { image, name } = resolveImage(reference, await allImages(engine));
  throwIfAborted(signal);
  return removeReference(engine, name ?? image.id, force);
}

/** @param reference - a name exactly as listed, or a full id */
export async function removeReference(
  engine: Engine,
  reference: string,
  force = false,
): Promise<RemovedImage> {
  const reply = array(
    await engine.call('DELETE', `/images/${reference}`, { query: { force }, extraMs: AFTERWARDS }),
  ).map(object);
  const told = (key: string): string[] => reply.map((entry) => text(entry[key])).filter(Boolean);
  return { untagged: told('Untagged'), deletedIds: told('Deleted') };
}
