import type { Readable } from 'node:stream';
import { defaultHost, parseImageReference, registryHost } from '@serverkit/wire/image-reference.ts';
import { AgentError } from '../errors.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { connectionError, plainWords } from '../docker/engine-error.ts';
import type { Engine } from '../docker/engine.ts';
import { number, object, parse, text, textOrNull, texts, type JsonObject } from '../docker/json.ts';

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  /** Host, with the port where it has one. */
  readonly serverAddress: string;
}

export interface PullOptions {
  /** `name[:tag]` or `name@digest`, with the registry where it is not Docker's own. */
  readonly reference: string;
  readonly platform: string | null;
  /** Those for its registry are used, if they are among them. */
  readonly auths: readonly RegistryAuth[];
}

/** What the engine wants a registry's credentials as (Docker Engine API, Authentication). */
export function authHeader(auth: RegistryAuth): Readonly<Record<string, string>> {
  const { username, password, serverAddress: serveraddress } = auth;
  const json = Buffer.from(JSON.stringify({ username, password, serveraddress }));
  // The URL-safe alphabet, and padded: the engine's decoder takes no other (encoding/base64, URLEncoding).
  return { 'X-Registry-Auth': json.toString('base64').replaceAll('+', '-').replaceAll('/', '_') };
}

/** What docker.io is called where credentials are meant. */
const dockerHub = 'https://index.docker.io/v1/';

/**
 * Of some credentials those for an image. The engine would give whatever it gets to the registry of that image, so those
 * for another never reach it.
 */
export function authFor(auths: readonly RegistryAuth[], reference: string): RegistryAuth | null {
  const parsed = parseImageReference(reference);
  if (!parsed) return null;
  const host = registryHost(parsed.host);
  return (
    auths.find(({ serverAddress }) =>
      serverAddress === dockerHub ? host === defaultHost : registryHost(serverAddress) === host,
    ) ?? null
  );
}

/** Pulls an image, layer by layer. @returns its id and digests */
export async function pullImage(
  engine: Engine,
  { reference, platform, auths }: PullOptions,
  job: JobHandle,
): Promise<JobResult> {
  const { name, tag } = splitReference(reference);
  const auth = authFor(auths, reference);
  const stream = await engine.open('POST', '/images/create', {
    query: { fromImage: name, tag, platform: platform ?? undefined },
    ...(auth && { headers: authHeader(auth) }),
    signal: job.signal,
  });
  await followLayers(stream, job);
  const image = object(await engine.get(`/images/${encodeURIComponent(reference)}/json`));
  return { id: text(image['Id']), digests: texts(image['RepoDigests']) };
}

/** A reference without a tag or digest would pull every tag there is. */
export function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const [name = '', digest] = reference.split('@', 2);
  if (digest !== undefined) return { name, tag: digest };
  const colon = name.lastIndexOf(':');
  // One before the last slash belongs to the registry's port.
  if (colon <= name.lastIndexOf('/')) return { name, tag: 'latest' };
  return { name: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/**
 * Tells the progress of each layer, and the rest as lines. The engine answers with success before it begins, so a
 * failure is an item of the stream, and a stream that ends without a last word was cut off.
 *
 * @param onAux - given what the engine says to programs rather than people
 * @throws AgentError
 */
export async function followLayers(
  stream: Readable,
  job: JobHandle,
  onAux: (aux: JsonObject) => void = () => undefined,
): Promise<void> {
  let last = '';
  for await (const item of items(stream)) {
    const error = textOrNull(item['error']) ?? textOrNull(object(item['errorDetail'])['message']);
    if (error !== null) throw new AgentError(codeOf(error), wordsOf(error).slice(0, 400));
    onAux(object(item['aux']));
    const [id, status] = [text(item['id']), text(item['status'])];
    if (status === '') continue;
    if (isLayer(id)) {
      const detail = object(item['progressDetail']);
      const [current, total] = [number(detail['current']), number(detail['total'])];
      job.progress({ item: id, status, current, total, unit: current === null ? null : 'BYTES' });
    } else if (status !== last) {
      job.line(id === '' ? status : `${id}: ${status}`);
      last = status;
    }
    await job.ready();
  }
}

const isLayer = (id: string): boolean => /^[0-9a-f]{12}$/.test(id);

/** The engine's words for what a registry said. */
function codeOf(message: string): 'NOT_FOUND' | 'DOCKER_ERROR' {
  return /not found|manifest unknown|does not exist/i.test(message) ? 'NOT_FOUND' : 'DOCKER_ERROR';
}

/** Docker does not say whose status it is, and repeats it when it has tried five times. */
function wordsOf(message: string): string {
  const [, status] = /received unexpected HTTP status: (5\d\d\b.*)/.exec(message) ?? [];
  if (status === undefined) return plainWords(message);
  return `The registry answered ${status}: it has no room left, or something else is wrong with it, which its log tells. Try again when that is mended.`;
}

/** No item of a progress stream is longer; what is, is not one. Bytes. */
const MAX_ITEM = 1024 * 1024;

/**
 * Reads a progress stream.
 *
 * @yields its JSON objects, one a line
 * @throws AgentError DOCKER_UNAVAILABLE when it breaks off
 */
export async function* items(stream: Readable): AsyncGenerator<JsonObject> {
  let rest = '';
  try {
    stream.setEncoding('utf8');
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_ITEM) throw new AgentError('DOCKER_ERROR', 'Docker answered without end.');
      for (const line of lines) yield object(parse(line));
    }
  } catch (error) {
    throw connectionError('', error);
  } finally {
    stream.destroy();
  }
  if (rest !== '') yield object(parse(rest));
}
