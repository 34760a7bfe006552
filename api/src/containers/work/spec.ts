import { problemsOf } from '@serverkit/wire/container-rules.ts';
import type { ContainerSpec } from '@serverkit/wire/container-spec.ts';
import { ServerKitError } from '../../errors.ts';

/**
 * The wire's rules, which the agent holds it against as well; here with every problem at its place.
 *
 * @param at - path of the spec in the arguments
 * @throws ServerKitError INPUT_INVALID
 */
export function checkSpec(spec: ContainerSpec, at: string): void {
  const issues = problemsOf(spec).map(({ path, message }) => ({ path: [at, ...path].join('.'), message }));
  const [first] = issues;
  if (first)
    throw new ServerKitError('INPUT_INVALID', `${first.path} ${first.message}.`, { details: { issues } });
}
