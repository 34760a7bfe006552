import { parseImageReference, shownName, shownReference } from '@serverkit/wire/image-reference.ts';
import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text } from '../docker/json.ts';
import { allImages } from './list.ts';
import { authFor, authHeader, type RegistryAuth } from './pull.ts';

/** How an image compares with what its registry has under the same name. */
export interface ImageUpdate {
  /** Of the image here, as the registry called it when it came; empty for one that was made here. */
  readonly localDigests: readonly string[];
  /** Of what would be pulled now; null for one that was made here, which no registry is asked about. */
  readonly remoteDigest: string | null;
}

/** A registry may be slow, or drop what is sent to it. Ms. */
const PATIENCE = 20_000;

/**
 * Asks a registry for the digest behind a tag, without downloading anything.
 *
 * @param reference - a tag of an image here
 * @throws AgentError NOT_FOUND when no image here has that tag, DOCKER_ERROR when the registry refuses
 */
export async function imageUpdate(
  engine: Engine,
  reference: string,
  auths: readonly RegistryAuth[],
): Promise<ImageUpdate> {
  const parsed = parseImageReference(reference);
  if (!parsed || parsed.digest !== null) {
    throw new AgentError('INPUT_INVALID', 'reference must be a tag, such as nginx:1.29.');
  }
  const tag = shownReference(parsed);
  const image = (await allImages(engine)).find(({ tags }) => tags.includes(tag));
  if (!image) throw new AgentError('NOT_FOUND', 'There is no such image.');
  const ofName = `${shownName(parsed)}@`;
  const localDigests = image.digests
    .filter((digest) => digest.startsWith(ofName))
    .map((digest) => digest.slice(ofName.length));
  if (localDigests.length === 0) return { localDigests, remoteDigest: null };
  const auth = authFor(auths, reference);
  const headers = auth ? authHeader(auth) : {};
  const reply = object(await engine.call('GET', `/distribution/${tag}/json`, { headers, extraMs: PATIENCE }));
  const remoteDigest = text(object(reply['Descriptor'])['digest']);
  if (remoteDigest === '') throw new AgentError('DOCKER_ERROR', 'The registry told no digest.');
  return { localDigests, remoteDigest };
}
