import { describe } from '../errors.ts';
import type { DockerFacts } from './container.ts';
import { createEngine, type Engine } from './engine.ts';
import { object, textOrNull } from './json.ts';

/** What the engine says of itself. @throws AgentError when it is not there */
export async function engineFacts(engine: Engine): Promise<DockerFacts> {
  const [version, info] = await Promise.all([engine.get('/version'), engine.get('/info')]);
  return {
    available: true,
    version: textOrNull(object(version)['Version']),
    apiVersion: textOrNull(object(version)['ApiVersion']),
    storageDriver: textOrNull(object(info)['Driver']),
    error: null,
  };
}

/** The facts of an engine that cannot be used, and why. */
export function noEngine(error: string): DockerFacts {
  return { available: false, version: null, apiVersion: null, storageDriver: null, error };
}

/** Asks once, for who does not stay to watch. */
export async function probeDocker(socket: string, timeoutMs: number): Promise<DockerFacts> {
  try {
    return await engineFacts(createEngine({ socket, timeoutMs }));
  } catch (error) {
    return noEngine(describe(error));
  }
}
