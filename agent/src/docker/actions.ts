import { throwIfAborted } from '../errors.ts';
import type { Engine } from './engine.ts';
import { number, object } from './json.ts';
import type { ContainerAction, RemoveOptions } from './service.ts';

/** What the engine waits for before it kills, where neither caller nor container says otherwise (docker stop --help). Seconds. */
const DEFAULT_GRACE = 10;
/** To kill, unmount and clean up after the grace period, or to delete many layers. Ms. */
const AFTERWARDS = 60_000;

/**
 * Does it to the container with this full id. What is so already is done.
 *
 * @throws AgentError
 */
export async function perform(
  engine: Engine,
  id: string,
  action: ContainerAction,
  signal: AbortSignal,
): Promise<void> {
  switch (action.kind) {
    case 'start':
    case 'pause':
    case 'unpause':
      throwIfAborted(signal);
      await engine.post(`/containers/${id}/${action.kind}`);
      return;
    case 'stop':
    case 'restart': {
      const { timeoutSeconds } = action;
      const patience = (timeoutSeconds ?? (await graceOf(engine, id))) * 1000 + AFTERWARDS;
      throwIfAborted(signal);
      await engine.post(`/containers/${id}/${action.kind}`, { t: timeoutSeconds ?? undefined }, patience);
      return;
    }
    case 'kill':
      throwIfAborted(signal);
      await engine.post(`/containers/${id}/kill`, { signal: action.signal });
      return;
    case 'rename':
      throwIfAborted(signal);
      await engine.post(`/containers/${id}/rename`, { name: action.name });
  }
}

async function graceOf(engine: Engine, id: string): Promise<number> {
  const config = object(object(await engine.get(`/containers/${id}/json`))['Config']);
  return number(config['StopTimeout']) ?? DEFAULT_GRACE;
}

/** @throws AgentError */
export async function removeContainer(
  engine: Engine,
  id: string,
  { force, volumes }: RemoveOptions,
  signal: AbortSignal,
): Promise<void> {
  throwIfAborted(signal);
  await engine.delete(`/containers/${id}`, { force, v: volumes }, AFTERWARDS);
}
