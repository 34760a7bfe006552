import type { AgentContainer } from './mirror.ts';

const prefix = /^[0-9a-f]{12,63}$/;

/**
 * The container that a reference means, by the agent's own rule: a full id, a name, or 12 or more digits of an id;
 * undefined when it fits none, or two.
 */
export function referredTo(
  reference: string,
  containers: ReadonlyMap<string, AgentContainer>,
): AgentContainer | undefined {
  const exact = containers.get(reference);
  if (exact) return exact;
  const found = [...containers.values()].filter(
    ({ id, name }) => name === reference || (prefix.test(reference) && id.startsWith(reference)),
  );
  return found.length === 1 ? found[0] : undefined;
}
