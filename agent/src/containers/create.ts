import type { ContainerSpec } from '@serverkit/wire/container-spec.ts';
import { problemsOf } from '@serverkit/wire/container-rules.ts';
import type { Container } from '../docker/container.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text, texts } from '../docker/json.ts';
import { allow, createGuard } from '../docker/privilege/guard.ts';
import { requestOf, type CreateRequest } from './request.ts';
import { delivered, putFiles, type Delivery } from './secrets.ts';
import { seen, type Work } from './work.ts';

/** To make a container of a large image on a slow disk. Ms. */
const MAKING = 60_000;

export interface CreatedContainer {
  readonly container: Container;
  /** What the engine remarked, such as a limit that the kernel does not know. */
  readonly warnings: readonly string[];
}

/** @throws AgentError INPUT_INVALID with the first problem */
export function checkSpec(spec: ContainerSpec): void {
  const [problem] = problemsOf(spec);
  if (problem) throw new AgentError('INPUT_INVALID', `${problem.path.join('.')} ${problem.message}.`);
}

/**
 * Makes sure that it may be made, before anything is pulled for it.
 *
 * @throws AgentError INPUT_INVALID, PRIVILEGE_NEEDED, POLICY_DENIED
 */
export async function admit(
  spec: ContainerSpec,
  { docker: { engine }, authority }: Work,
): Promise<CreateRequest> {
  checkSpec(spec);
  const request = requestOf(spec);
  await judged(engine, request, authority, 'Creating this container');
  return request;
}

/** @throws AgentError PRIVILEGE_NEEDED, POLICY_DENIED */
export async function judged(
  engine: Engine,
  { body, later }: CreateRequest,
  authority: Work['authority'],
  deed: string,
): Promise<void> {
  const joined = object(object(body['NetworkingConfig'])['EndpointsConfig']);
  const endpoints = {
    ...joined,
    ...Object.fromEntries(later.map(({ network, endpoint }) => [network, endpoint])),
  };
  const whole = { ...body, NetworkingConfig: { EndpointsConfig: endpoints } };
  allow(await createGuard(engine).request(whole), authority, deed);
}

/**
 * Makes it out of an image that is there and starts it if wanted. What cannot be done whole leaves nothing behind.
 *
 * @throws AgentError NOT_FOUND without the image, CONFLICT for a name or port that is taken, …
 */
export async function create(
  request: CreateRequest,
  {
    name,
    start,
    delivery,
  }: { readonly name: string | null; readonly start: boolean; readonly delivery: Delivery },
  work: Work,
): Promise<CreatedContainer> {
  const { engine } = work.docker;
  const { id, warnings } = await make(engine, request, { name, delivery }, work.signal);
  try {
    if (start) {
      throwIfAborted(work.signal);
      await engine.post(`/containers/${id}/start`, {}, MAKING);
    }
    return { container: await seen(work, id), warnings };
  } catch (error) {
    await discard(engine, id);
    throw error;
  }
}

/** Makes it, joins its networks and gives it its secrets. What cannot be done whole leaves nothing behind. */
export async function make(
  engine: Engine,
  request: CreateRequest,
  { name, delivery }: { readonly name: string | null; readonly delivery: Delivery },
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
  const { body, later } = delivered(request, delivery);
  throwIfAborted(signal);
  const reply = object(
    await engine.call('POST', '/containers/create', {
      query: { name: name ?? undefined },
      body,
      extraMs: MAKING,
    }),
  );
  const id = text(reply['Id']);
  try {
    for (const { network, endpoint } of later) {
      await engine.call('POST', `/networks/${encodeURIComponent(network)}/connect`, {
        body: { Container: id, EndpointConfig: endpoint },
      });
    }
    await putFiles(engine, id, delivery, signal);
    return { id, warnings: texts(reply['Warnings']) };
  } catch (error) {
    await discard(engine, id);
    throw error;
  }
}

/** Takes away what was made a moment ago, with its anonymous volumes. */
export async function discard(engine: Engine, id: string): Promise<void> {
  await engine.delete(`/containers/${id}`, { force: true, v: true }, MAKING).catch(() => undefined);
}
