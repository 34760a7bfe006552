import { agentScopes, controlScopes, expand, roles, roleScopes, type Scope } from '@serverkit/wire/scopes.ts';
import { isInterfaceType, isObjectType, type GraphQLField } from 'graphql';
import { describe, expect, test } from 'vitest';
import { unlimited } from '../access/rights.ts';
import { anonymous, type Principal } from '../context.ts';
import { isServerKitError } from '../errors.ts';
import { schema } from '../schema.ts';
import { holds, type FieldAccess } from './access.ts';

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
  (type) =>
    type
      ? Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field }))
      : [],
);

const types = Object.values(schema.getTypeMap()).filter(
  (type) =>
    (isObjectType(type) || isInterfaceType(type)) &&
    !type.name.startsWith('__') &&
    ![schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].some(
      (root) => root === type,
    ),
);

function someone(scopes: Iterable<Scope>): Principal {
  return {
    kind: 'user',
    user: { id: 'usr_1', email: 'a@example.com', name: 'A', role: 'viewer' },
    sessionId: 'ses_1',
    rights: unlimited(new Set(scopes)),
  };
}

/** A context in which nothing but the principal works: whoever gets past authorization fails in another way. */
function contextOf(principal: Principal) {
  const refused: string[] = [];
  return { principal, address: '', refused, services: { audit: { refused: () => refused.push('') } } };
}

type Outcome = 'let through' | 'UNAUTHENTICATED' | 'PERMISSION_DENIED';

async function outcomeOf(
  field: GraphQLField<unknown, unknown>,
  principal: Principal,
  which: 'resolve' | 'subscribe',
) {
  const info = { parentType: { name: 'Test' }, fieldName: field.name, path: {}, variableValues: {} };
  try {
    const run = field[which];
    if (!run) throw new TypeError(`${field.name} has no ${which}`);
    await Reflect.apply(run, undefined, [{}, { input: {} }, contextOf(principal), info]);
  } catch (error) {
    if (isServerKitError(error, 'UNAUTHENTICATED')) return 'UNAUTHENTICATED';
    if (isServerKitError(error, 'PERMISSION_DENIED')) return 'PERMISSION_DENIED';
  }
  return 'let through';
}

function expected(access: FieldAccess, principal: Principal): Outcome {
  if (holds(principal, access)) return 'let through';
  return principal.kind === 'anonymous' ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED';
}

const allScopes: readonly Scope[] = [...agentScopes, ...controlScopes];

describe('walking the schema', () => {
  test('finds no root field without an access', () => {
    expect(roots.filter(({ field }) => field.extensions.serverkit?.access === undefined)).toEqual([]);
    expect(roots.length).toBeGreaterThan(10);
  });

  test('finds no type without an access', () => {
    const open = types.filter(
      (type) =>
        (isObjectType(type) || isInterfaceType(type)) && type.extensions.serverkit?.access === undefined,
    );
    expect(open).toEqual([]);
  });

  test('finds only these open to everyone', () => {
    expect(
      roots.filter(({ field }) => field.extensions.serverkit?.access === 'public').map(({ name }) => name),
    ).toEqual(['Query.setupStatus', 'Mutation.completeSetup', 'Mutation.registerAgent', 'Mutation.signIn']);
  });
});

describe('every root field', () => {
  const principals: readonly (readonly [string, Principal])[] = [
    ['a stranger', anonymous],
    ['someone without scopes', someone([])],
    ...roles.map((role) => [role, someone(expand(roleScopes[role]))] as const),
    ...allScopes.map((scope) => [`only ${scope}`, someone([scope])] as const),
    ...allScopes.map(
      (scope) => [`all but ${scope}`, someone(allScopes.filter((one) => one !== scope))] as const,
    ),
  ];

  test.each(roots)('$name answers each role and each scope as its access says', async ({ field }) => {
    const access = field.extensions.serverkit?.access ?? 'public';
    for (const [who, principal] of principals) {
      for (const which of field.subscribe ? (['subscribe', 'resolve'] as const) : (['resolve'] as const)) {
        expect({ who, which, outcome: await outcomeOf(field, principal, which) }).toEqual({
          who,
          which,
          outcome: expected(access, principal),
        });
      }
    }
  });

  test('is granted to these roles', () => {
    const table = roots.map(({ name, field }) => {
      const access = field.extensions.serverkit?.access ?? 'public';
      const granted = roles.filter((role) => holds(someone(expand(roleScopes[role])), access));
      return `${name}: ${access} → ${granted.join(' ')}`;
    });
    expect(table).toMatchInlineSnapshot(`
      [
        "Query.auditEvents: audit:read → admin operator",
        "Query.containers: docker:containers:read → admin operator viewer",
        "Query.controlPlane: signedIn → admin operator viewer",
        "Query.fleetOverview: servers:read → admin operator viewer",
        "Query.node: signedIn → admin operator viewer",
        "Query.server: servers:read → admin operator viewer",
        "Query.serverTags: servers:read → admin operator viewer",
        "Query.servers: servers:read → admin operator viewer",
        "Query.setupStatus: public → admin operator viewer",
        "Query.users: users:read → admin",
        "Query.viewer: signedIn → admin operator viewer",
        "Mutation.completeSetup: public → admin operator viewer",
        "Mutation.createServer: servers:register → admin",
        "Mutation.deleteServer: servers:write → admin operator",
        "Mutation.killContainer: docker:containers:write → admin operator",
        "Mutation.pauseContainer: docker:containers:write → admin operator",
        "Mutation.pingServer: servers:read → admin operator viewer",
        "Mutation.regenerateRegistrationToken: servers:register → admin",
        "Mutation.registerAgent: public → admin operator viewer",
        "Mutation.removeContainer: docker:containers:write → admin operator",
        "Mutation.renameContainer: docker:containers:write → admin operator",
        "Mutation.restartAgent: agent:restart → admin operator",
        "Mutation.restartContainer: docker:containers:write → admin operator",
        "Mutation.revokeAgent: servers:register → admin",
        "Mutation.revokeSession: signedIn → admin operator viewer",
        "Mutation.signIn: public → admin operator viewer",
        "Mutation.signOut: signedIn → admin operator viewer",
        "Mutation.startContainer: docker:containers:write → admin operator",
        "Mutation.stopContainer: docker:containers:write → admin operator",
        "Mutation.unpauseContainer: docker:containers:write → admin operator",
        "Mutation.updateServer: servers:write → admin operator",
        "Subscription.containerEvents: docker:containers:read → admin operator viewer",
        "Subscription.containerLogs: docker:containers:read → admin operator viewer",
        "Subscription.fleetMetrics: system:metrics:read → admin operator viewer",
        "Subscription.fleetOverview: servers:read → admin operator viewer",
        "Subscription.serverContainerStats: docker:containers:read → admin operator viewer",
        "Subscription.serverEvents: servers:read → admin operator viewer",
        "Subscription.serverMetrics: system:metrics:read → admin operator viewer",
      ]
    `);
  });
});

describe('every guarded type', () => {
  const guarded = types
    .filter((type) => isObjectType(type))
    .filter((type) => (type.extensions.serverkit?.access ?? 'inherited') !== 'inherited');

  test.each(guarded)('$name is refused to those without its access', async (type) => {
    const access = type.extensions.serverkit?.access;
    if (!access || access === 'inherited') throw new Error('not guarded');
    for (const principal of [anonymous, someone([]), someone(allScopes)]) {
      const info = { parentType: { name: 'Test' }, fieldName: 'test', path: {}, variableValues: {} };
      const look = async () => {
        if (!type.isTypeOf) return 'let through';
        try {
          await Reflect.apply(type.isTypeOf, undefined, [{}, contextOf(principal), info]);
        } catch (error) {
          if (isServerKitError(error)) return error.code;
        }
        return 'let through';
      };
      expect(await look()).toBe(expected(access, principal));
    }
  });
});
