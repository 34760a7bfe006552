import type { Readable } from 'node:stream';
import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { text, textOrNull } from '../docker/json.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { authFor, authHeader, followLayers, splitReference, type RegistryAuth } from './pull.ts';

/** What the engine wants where there are no credentials: the header may not be missing. */
const noAuth = { 'X-Registry-Auth': Buffer.from('{}').toString('base64') };

/** Uploads an image under one tag. @returns the digest that the registry knows it by */
export async function pushImage(
  engine: Engine,
  { reference, auths }: { readonly reference: string; readonly auths: readonly RegistryAuth[] },
  job: JobHandle,
): Promise<JobResult> {
  const auth = authFor(auths, reference);
  const { name, tag } = splitReference(reference);
  const stream: Readable = await engine.open('POST', `/images/${encodeURIComponent(name)}/push`, {
    query: { tag },
    headers: auth ? authHeader(auth) : noAuth,
    signal: job.signal,
  });
  let digest: string | null = null;
  await followLayers(stream, job, (aux) => {
    digest = textOrNull(text(aux['Digest'])) ?? digest;
  });
  // What ended without a word on what the registry now has was cut off.
  if (digest === null) throw new AgentError('DOCKER_ERROR', 'Docker did not say that the registry has it.');
  return { digest };
}
