import { revealed } from '../docker/environment.ts';
import { AgentError } from '../errors.ts';
import { entered, type Work } from './work.ts';

export interface KeptVariables {
  /** The container that has them. */
  readonly id: string;
  readonly names: readonly string[];
}

/**
 * Variables of a container with their values, for another one beside it: they never leave this host for that. What runs in
 * the other is whatever is asked for, and could tell them, so it takes what asking for them takes.
 *
 * @throws AgentError SCOPE_DENIED, NOT_FOUND for a container or variable that is not there, and as for entering it
 */
export async function keptVariables(
  { id, names }: KeptVariables,
  work: Work,
): Promise<{ readonly name: string; readonly value: string }[]> {
  if (!work.authority.scopes.has('docker:containers:exec')) {
    throw new AgentError(
      'SCOPE_DENIED',
      'Variables of another container take docker:containers:exec: what runs with them can tell them.',
    );
  }
  const { container, inspected } = await entered(work, id, 'Taking variables of');
  const there = new Map(revealed(inspected).map((variable) => [variable.name, variable]));
  return [...new Set(names)].map((name) => {
    const found = there.get(name);
    if (found) return found;
    // One that came from a secret is told to nobody: the secret itself is referred to.
    throw new AgentError('NOT_FOUND', `${container.name} has no variable ${name} of its own.`);
  });
}
