import { AgentError } from '../errors.ts';

const fullId = /^[0-9a-f]{64}$/;
const prefix = /^[0-9a-f]{12,63}$/;

/** The little of it that it can be referred to by. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

export function isFullId(reference: string): boolean {
  return fullId.test(reference);
}

/**
 * The one container, or network, that is meant by a full id, a name, or 12 or more digits of an id. The engine would take a name for a
 * prefix and the other way round, so a container with a well-chosen name could draw a command that was meant for another:
 * here a reference that fits two is refused.
 *
 * @throws AgentError NOT_FOUND or CONFLICT
 */
export function resolve<T extends Named>(
  reference: string,
  all: readonly T[],
  noun: 'container' | 'network' = 'container',
): T {
  const exact = all.find(({ id }) => id === reference);
  if (exact) return exact;
  const name = reference.replace(/^\//, '');
  const found = all.filter(
    (one) => one.name === name || (prefix.test(reference) && one.id.startsWith(reference)),
  );
  const [only, another] = found;
  if (!only) throw new AgentError('NOT_FOUND', `There is no such ${noun}.`);
  if (another) throw new AgentError('CONFLICT', `More than one ${noun} answers to that; give the full id.`);
  return only;
}
