import { isRecord, jsonForCompose } from '@serverkit/wire/compose-file.ts';
import type { Normalised } from './normalise.ts';

/**
 * The same for Compose to run, which then pulls nothing: that is done before, by those who may. What a service is marked
 * with does not change, as Compose leaves this key out of it.
 */
export function neverPulling({ json, tool }: Pick<Normalised, 'json' | 'tool'>): string {
  const value: unknown = JSON.parse(json);
  const services = isRecord(value) ? value['services'] : undefined;
  if (!isRecord(value) || !isRecord(services)) return json;
  // Of whatever name: assigned, one that is called __proto__ would be lost.
  const quiet = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      isRecord(service) ? withPolicy(service, tool.generation) : service,
    ]),
  );
  return jsonForCompose({ ...value, services: quiet });
}

function withPolicy(
  { pull_policy: policy, ...service }: Readonly<Record<string, unknown>>,
  generation: number,
): Readonly<Record<string, unknown>> {
  // The first Compose knows no such thing, and pulls what is missing alone.
  if (generation === 1) return service;
  if (service['build'] === undefined || service['build'] === null)
    return { ...service, pull_policy: 'never' };
  return policy === 'build' || policy === 'never' ? { ...service, pull_policy: policy } : service;
}
