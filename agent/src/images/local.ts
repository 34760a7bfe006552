import type { Engine } from '../docker/engine.ts';
import { array, object, text, texts } from '../docker/json.ts';
import { AgentError } from '../errors.ts';

export interface LocalImage {
  readonly id: string;
  readonly digests: readonly string[];
}

/** This host's copy of an image, or null. @throws AgentError */
export async function localImage(engine: Pick<Engine, 'get'>, name: string): Promise<LocalImage | null> {
  try {
    const image = object(await engine.get(`/images/${encodeURIComponent(name)}/json`));
    return { id: text(image['Id']), digests: texts(array(image['RepoDigests'])) };
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}
