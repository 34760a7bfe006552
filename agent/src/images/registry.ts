import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text } from '../docker/json.ts';
import type { RegistryAuth } from './pull.ts';

export interface RegistryCheck {
  readonly accepted: boolean;
  /** What the registry or the engine said. */
  readonly message: string;
}

/** The engine tries every address of a registry in turn. Ms. */
const PATIENCE = 30_000;

/**
 * Signs in to a registry. What the engine answers is told as any failure of it; should it ever repeat the password in it,
 * that is taken out.
 *
 * @throws AgentError DOCKER_UNAVAILABLE
 */
export async function checkRegistry(engine: Engine, auth: RegistryAuth): Promise<RegistryCheck> {
  const { username, password, serverAddress: serveraddress } = auth;
  const told = (said: string): string => said.replaceAll(password, '••••••');
  try {
    const body = { username, password, serveraddress };
    const reply = object(await engine.call('POST', '/auth', { body, extraMs: PATIENCE }));
    return { accepted: true, message: told(text(reply['Status'])) };
  } catch (error) {
    if (!(error instanceof AgentError) || error.code === 'DOCKER_UNAVAILABLE') throw error;
    return { accepted: false, message: told(error.message) };
  }
}
