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

const fullId = /^[0-9a-f]{64}$/;

/**
 * As {@link referredTo}, of an agent itself. Events come a moment after the fact: what was made, renamed or replaced
 * just now is found by its name all the same.
 *
 * @param known - the id that the reference stands for, as far as events have told
 * @param ask - the agent's containers, or those of the ids that are there
 */
export async function askFor(
  reference: string,
  known: string | undefined,
  ask: (ids: readonly string[] | null) => Promise<readonly AgentContainer[]>,
): Promise<AgentContainer | undefined> {
  const id = fullId.test(reference) ? reference : known;
  const [container] = id === undefined ? [] : await ask([id]);
  if (container || id === reference) return container;
  return referredTo(reference, new Map((await ask(null)).map((one) => [one.id, one])));
}
