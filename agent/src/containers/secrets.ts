import { posix } from 'node:path';
import { Readable } from 'node:stream';
import {
  isWithin,
  labelOf,
  noReferences,
  readLabel,
  secretNames,
  secretsLabel,
  type PlacedFile,
  type SecretReferences,
} from '@serverkit/wire/secret-references.ts';
import type { Engine } from '../docker/engine.ts';
import { split } from '../docker/environment.ts';
import { array, flag, object, text, type JsonObject } from '../docker/json.ts';
import { tarOf } from '../docker/tar.ts';
import type { OpenPlace } from '../docker-files/archive.ts';
import { statOf } from '../docker-files/stat.ts';
import { AgentError } from '../errors.ts';
import { numbersOf } from './owner.ts';
import type { CreateRequest } from './request.ts';
import type { Origin } from './settings.ts';

/** A secret as it comes: for the operation that it came with, and kept nowhere. */
export interface GivenSecret {
  readonly name: string;
  readonly value: string;
  /** Another one for another value. */
  readonly stamp?: string | null | undefined;
}

/** What a new container is given beside what it is made of. */
export interface Delivery {
  readonly references: SecretReferences;
  readonly values: ReadonlyMap<string, string>;
}

export const noDelivery: Delivery = { references: noReferences, values: new Map() };

/** @throws AgentError CONFLICT for a reference whose value did not come along */
export function deliveryOf(references: SecretReferences, given: readonly GivenSecret[]): Delivery {
  const values = new Map(given.map(({ name, value }) => [name, value]));
  const missing = secretNames(references).find((name) => !values.has(name));
  if (missing === undefined) return { references, values };
  throw new AgentError(
    'CONFLICT',
    `The secret ${missing} is needed, and was not sent along. What refers to it may have changed meanwhile; try again.`,
  );
}

/**
 * What a container was given. An image may carry the same mark: that is its maker's word, who would have others hand out
 * what is none of theirs, so it does not count.
 *
 * @throws AgentError CONFLICT where the image is gone, so that nothing can be told apart
 */
export function referencesOf({ inspected, image }: Pick<Origin, 'inspected' | 'image'>): SecretReferences {
  const label = labelIn(inspected);
  if (label === undefined) return noReferences;
  if (image === null) {
    throw new AgentError(
      'CONFLICT',
      'It was given secrets, and the image it was made of is gone: make another one instead.',
    );
  }
  return label === labelIn(image) ? noReferences : readLabel(label);
}

/** Whether a container is one that these were meant for when it was made, and by its own word, not its image's. */
export async function isMadeFor(
  engine: Pick<Engine, 'get'>,
  id: string,
  references: SecretReferences,
): Promise<boolean> {
  const inspected = object(await engine.get(`/containers/${id}/json`));
  const image = await engine.get(`/images/${text(inspected['Image'])}/json`).catch((error: unknown) => {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
    throw error;
  });
  if (image === null) return false;
  return labelOf(referencesOf({ inspected, image: object(image) })) === labelOf(references);
}

function labelIn(inspected: JsonObject): string | undefined {
  const label = object(object(inspected['Config'])['Labels'])[secretsLabel];
  return typeof label === 'string' ? label : undefined;
}

/** The request with the values in its variables, and in its labels which they are. */
export function delivered(request: CreateRequest, { references, values }: Delivery): CreateRequest {
  const { variables, files } = references;
  if (variables.length + files.length === 0) return request;
  const names = new Set(variables.map(({ name }) => name));
  const { body } = request;
  const others = array(body['Env']).filter(
    (variable) => typeof variable === 'string' && !names.has(split(variable)[0]),
  );
  return {
    ...request,
    body: {
      ...body,
      Env: [...others, ...variables.map(({ name, secret }) => `${name}=${values.get(secret) ?? ''}`)],
      Labels: { ...object(body['Labels']), [secretsLabel]: labelOf(references) },
    },
  };
}

/**
 * Puts the files into a container that was made and does not run yet: into its own file system, so that they go when it
 * goes, are there when the host starts again, and lie nowhere else.
 *
 * @throws AgentError CONFLICT for a file system that is read-only, and for one that would lie in a mount, which others have
 * as well or which is empty again later
 */
export async function putFiles(
  engine: Engine,
  id: string,
  { references, values }: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const { files } = references;
  if (files.length === 0) return;
  const inspected = object(await engine.get(`/containers/${id}/json`));
  const [first] = files;
  if (first && flag(object(inspected['HostConfig'])['ReadonlyRootfs'])) {
    throw new AgentError(
      'CONFLICT',
      `The container's file system is read-only, so that ${first.secret} cannot be put into it as ${first.path}. Give it as a variable, or let the file system be written.`,
    );
  }
  await requireOutsideMounts(engine, { id, files, mounts: [...mountsOf(inspected), ...ofEvery] });
  const config = object(inspected['Config']);
  const own = files.some(({ uid, gid }) => uid === null || gid === null)
    ? await numbersOf(engine, id, text(config['User']), signal)
    : { uid: 0, gid: 0 };
  const archive = tarOf(
    files.map(({ secret, path, mode, uid, gid }) => ({
      name: path.slice(1),
      content: Buffer.from(values.get(secret) ?? ''),
      mode,
      uid: uid ?? own.uid,
      gid: gid ?? own.gid,
    })),
  );
  await engine.call('PUT', `/containers/${id}/archive`, {
    query: { path: '/' },
    body: Readable.from([archive]),
  });
}

/** What every container has from the kernel and the engine. */
const ofEvery = ['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** An image may have a link on the way to either: it is the place in the end that counts. @throws AgentError CONFLICT */
async function requireOutsideMounts(
  engine: Engine,
  {
    id,
    files,
    mounts,
  }: { readonly id: string; readonly files: readonly PlacedFile[]; readonly mounts: readonly string[] },
): Promise<void> {
  const place: OpenPlace = { engine, containerId: id, root: '', memory: [], mounts: [] };
  const mounted = await Promise.all(mounts.map((mount) => ended(place, mount)));
  for (const { secret, path } of files) {
    const real = posix.join(await ended(place, posix.dirname(path)), posix.basename(path));
    // As it is written as well: an engine that follows links in another way still finds it there.
    if (![...mounts, ...mounted].some((mount) => isWithin(mount, real) || isWithin(mount, path))) continue;
    const led = real === path ? '' : `, which is ${real} there,`;
    throw new AgentError(
      'CONFLICT',
      `${path}${led} lies within a mount of the container, where a secret would outlive it or be hidden. Choose another path for ${secret}.`,
    );
  }
}

/** Where a folder is in the end, which may not be there yet. */
async function ended(place: OpenPlace, folder: string): Promise<string> {
  const names = folder.split('/').filter((name) => name !== '');
  let at = '/';
  for (const [index, name] of names.entries()) {
    const next = posix.join(at, name);
    const stat = await statOf(place, next).catch((error: unknown) => {
      if (error instanceof AgentError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    });
    if (!stat) return posix.join(next, ...names.slice(index + 1));
    at = stat.leadsTo ?? next;
  }
  return at;
}

/** Where it has another file system than its own, be it an image's own volume. */
function mountsOf(inspected: JsonObject): string[] {
  const host = object(inspected['HostConfig']);
  return [
    ...array(inspected['Mounts']).map((one) => object(one)['Destination']),
    ...array(host['Mounts']).map((one) => object(one)['Target']),
    ...Object.keys(object(host['Tmpfs'])),
  ].flatMap((one) => (typeof one === 'string' && one !== '' ? [posix.resolve('/', one)] : []));
}
