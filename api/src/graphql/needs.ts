import { getArgumentValues, getVariableValues, type GraphQLSchema } from 'graphql';
import { isServerScope } from '@serverkit/wire/scopes.ts';
import { each, everywhere, needOf, type Need, type Where } from './access.ts';
import type { Analysis } from './analysis.ts';

/**
 * Everything a subscription needs to go on: its field, and the scopes that what it selects asks for besides. What is
 * below a field that is about one server is about the same server.
 *
 * @returns none when the variables do not fit, as it will not run then
 */
export function needsOf(
  schema: GraphQLSchema,
  { roots, operation, scopes }: Analysis,
  variables: Readonly<Record<string, unknown>>,
): Need[] {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  if (!coerced) return [];
  const own = roots.flatMap(({ marks: { access, on }, definition, node }) =>
    access ? [needOf({ access, on }, undefined, getArgumentValues(definition, node, coerced))] : [],
  );
  const [root] = own;
  const place: Where = typeof root?.where === 'string' ? root.where : each;
  const below = [...scopes]
    .filter((scope) => scope !== root?.access)
    .map((scope): Need => ({ access: scope, where: isServerScope(scope) ? place : everywhere }));
  return [...own, ...below];
}
