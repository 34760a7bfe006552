import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { array, object } from '../docker/json.ts';
import type { ImageDetails, ImagePage, ImageStep } from './image.ts';
import { imageDetailsOf, stepOf } from './image-mapping.ts';
import { allImages, imagePageOf, resolveImage } from './list.ts';

export { removeImage, tagImage } from './actions.ts';
export { prune, prunePreview } from './prune.ts';

/** @throws AgentError */
export async function listImages(engine: Engine, first: number, after: string | null): Promise<ImagePage> {
  return imagePageOf(await allImages(engine), first, after);
}

/** @returns null when there is no such image @throws AgentError */
export async function imageDetails(engine: Engine, reference: string): Promise<ImageDetails | null> {
  try {
    const { image } = resolveImage(reference, await allImages(engine));
    return imageDetailsOf(image, object(await engine.get(`/images/${image.id}/json`)));
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** Newest step first. @throws AgentError */
export async function imageHistory(engine: Engine, reference: string): Promise<ImageStep[]> {
  const { image } = resolveImage(reference, await allImages(engine));
  return array(await engine.get(`/images/${image.id}/history`)).map((entry) => stepOf(object(entry)));
}
