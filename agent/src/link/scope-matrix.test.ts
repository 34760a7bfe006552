import { getNamedType, isObjectType, OperationTypeNode, type GraphQLField } from 'graphql';
import { describe, expect, test } from 'vitest';
import { agentScopes, expand, permissionProfiles, roles, roleScopes } from '@serverkit/wire/scopes.ts';
import { createPolicy } from '../policy.ts';
import { schema } from '../schema.ts';
import { authorise, Denied } from './authorise.ts';
import { createDocumentCache } from './documents.ts';

const prepare = createDocumentCache(schema);

/** The least that asks for a field. */
function documentOf(kind: OperationTypeNode, { name, args, type }: GraphQLField<unknown, unknown>): string {
  const declared = args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
  const passed = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const selection = isObjectType(getNamedType(type)) ? ' { __typename }' : '';
  return args.length > 0
    ? `${kind} M(${declared}) { ${name}(${passed})${selection} }`
    : `${kind} M { ${name}${selection} }`;
}

const fields = Object.values(OperationTypeNode).flatMap((kind) =>
  Object.values(schema.getRootType(kind)?.getFields() ?? {}).map((field) => ({
    name: `${kind} ${field.name}`,
    scope: field.extensions['scope'],
    prepared: prepare(documentOf(kind, field), 'M'),
  })),
);

interface Ceilings {
  readonly operation?: readonly string[];
  readonly server?: readonly string[];
  readonly local?: readonly (typeof agentScopes)[number][];
}

/** What is refused with; undefined when it may run. */
function refusal(
  { prepared }: (typeof fields)[number],
  { operation = agentScopes, server = agentScopes, local = agentScopes }: Ceilings,
): string | undefined {
  const policy = createPolicy({ scopes: [...local], deniedPaths: [], disabledFeatures: new Set() });
  try {
    authorise(schema, prepared, { scopes: [...operation] }, { serverScopes: server, policy });
    return undefined;
  } catch (error) {
    return error instanceof Denied ? error.code : String(error);
  }
}

describe.each(fields)('$name', (field) => {
  const needed = (scopes: readonly string[]) =>
    field.scope === 'link' || scopes.some((scope) => scope === field.scope);

  test('may run with its own scope alone, and with all', () => {
    expect(refusal(field, {})).toBeUndefined();
    const own = agentScopes.filter((scope) => scope === field.scope);
    expect(refusal(field, { operation: own, server: own, local: own })).toBeUndefined();
  });

  test.each(agentScopes)('without %s in one of the three places', (scope) => {
    const rest = agentScopes.filter((one) => one !== scope);
    const refused = (code: string) => (needed(rest) ? undefined : code);
    expect(refusal(field, { operation: rest })).toBe(refused('SCOPE_DENIED'));
    expect(refusal(field, { server: rest })).toBe(refused('SCOPE_DENIED'));
    expect(refusal(field, { local: rest })).toBe(refused('POLICY_DENIED'));
  });

  test.each(roles)('on behalf of each role: %s', (role) => {
    const operation = expand(roleScopes[role]);
    expect(refusal(field, { operation })).toBe(needed(operation) ? undefined : 'SCOPE_DENIED');
  });

  test.each(Object.entries(permissionProfiles))('on a server with each profile: %s', (_name, patterns) => {
    const granted = needed(expand(patterns));
    expect(refusal(field, { server: patterns })).toBe(granted ? undefined : 'SCOPE_DENIED');
  });
});
