import type { OperationContext } from '../context.ts';
import type { Container } from '../docker/container.ts';
import type { Engine } from '../docker/engine.ts';
import { object, type JsonObject } from '../docker/json.ts';
import { allow, createGuard, type Authority } from '../docker/privilege/guard.ts';
import type { DockerService } from '../docker/service.ts';

/** What work on containers needs: the engine, on whose behalf, and how long it is wanted. */
export interface Work {
  readonly docker: Pick<DockerService, 'engine' | 'find' | 'list'>;
  readonly authority: Authority;
  readonly signal: AbortSignal;
}

/** @throws AgentError POLICY_DENIED where Docker is switched off */
export function workOf({ services, scopes, signal }: OperationContext): Work {
  const { docker, policy } = services;
  policy.requireFeature('docker');
  return { docker, authority: { scopes, deniesPath: (path) => policy.deniesPath(path) }, signal };
}

export async function inspect(engine: Engine, id: string): Promise<JsonObject> {
  return object(await engine.get(`/containers/${id}/json`));
}

/**
 * The container that is meant, if it may be entered or changed: what reaches beyond itself takes the same right as making
 * such a one.
 *
 * @param deed - as it begins a sentence: "Running a command in"
 * @throws AgentError NOT_FOUND, CONFLICT, PRIVILEGE_NEEDED, POLICY_DENIED
 */
export async function entered(
  { docker: { engine, find }, authority }: Work,
  reference: string,
  deed: string,
): Promise<{ readonly container: Container; readonly inspected: JsonObject }> {
  const container = await find(reference);
  const inspected = await inspect(engine, container.id);
  allow(await createGuard(engine).container(inspected), authority, `${deed} ${container.name}`);
  return { container, inspected };
}

/** As it is now. */
export async function seen({ docker }: Work, id: string): Promise<Container> {
  return docker.find(id);
}
