import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { array, object } from '../docker/json.ts';
import { isOwnImage } from '../docker/own.ts';
import { pages } from '../docker/pages.ts';
import { parseImageReference, shownReference } from '@serverkit/wire/image-reference.ts';
import type { Image, ImagePage } from './image.ts';
import { imageOf, usersOf } from './image-mapping.ts';

/** Every image that is shown (not the steps in between of old builds), newest first. @throws AgentError */
export async function allImages(engine: Pick<Engine, 'get'>): Promise<Image[]> {
  const [images, containers] = await Promise.all([
    engine.get('/images/json', { digests: true }),
    engine.get('/containers/json', { all: true }),
  ]);
  const users = usersOf(array(containers).map(object));
  return array(images)
    .map((entry) => object(entry))
    .filter((entry) => !isOwnImage(entry))
    .map((entry) => imageOf(entry, users.get(String(entry['Id'])) ?? []))
    .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
}

/** The cursor names the last image of a page by age and id, so that it holds when that image is removed. */
export function imagePageOf(images: readonly Image[], first: number, after: string | null): ImagePage {
  const rest = after === null ? images : images.filter((image) => isAfter(image, after));
  const [items = []] = pages(rest, first);
  const last = items.at(-1);
  return { items, next: last && items.length < rest.length ? `${last.createdAt} ${last.id}` : null };
}

function isAfter({ createdAt, id }: Image, cursor: string): boolean {
  const [age, lastId = ''] = cursor.split(' ');
  return createdAt < Number(age) || (createdAt === Number(age) && id > lastId);
}

/** The image that was meant, and by which of its names; the name is null when it was meant by its id. */
export interface Meant {
  readonly image: Image;
  readonly name: string | null;
}

const id = /^(?:sha256:)?([0-9a-f]{12,64})$/;

/**
 * The one image that is meant by a full id, 12 or more digits of it, or one of its names. The engine takes a name that
 * looks like the beginning of an id for either: here a reference that fits two is refused.
 *
 * @throws AgentError NOT_FOUND or CONFLICT
 */
export function resolveImage(reference: string, images: readonly Image[]): Meant {
  const exact = images.find((image) => image.id === reference);
  if (exact) return { image: exact, name: null };
  const parsed = parseImageReference(reference);
  const name = parsed && shownReference(parsed);
  const digits = id.exec(reference)?.[1];
  const found = images.flatMap((image): Meant[] => {
    if (name !== undefined && [...image.tags, ...image.digests].includes(name)) return [{ image, name }];
    return digits !== undefined && image.id.startsWith(`sha256:${digits}`) ? [{ image, name: null }] : [];
  });
  const [only, another] = found;
  if (!only) throw new AgentError('NOT_FOUND', 'There is no such image.');
  if (another) throw new AgentError('CONFLICT', 'More than one image answers to that; give the full id.');
  return only;
}
