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

function someone(scopes: Iterable<Scope>, freshAt = new Date()): Principal {
  return {
    kind: 'user',
    user: { id: 'usr_1', email: 'a@example.com', name: 'A', role: 'viewer' },
    sessionId: 'ses_1',
    freshAt,
    rights: unlimited(new Set(scopes)),
  };
}

function program(scopes: Iterable<Scope>): Principal {
  return {
    kind: 'token',
    user: { id: 'usr_1', email: 'a@example.com', name: 'A', role: 'viewer' },
    token: { id: 'tok_1', name: 'deploy', expiresAt: null },
    rights: unlimited(new Set(scopes)),
  };
}

/** A context in which nothing but the principal works: whoever gets past authorization fails in another way. */
function contextOf(principal: Principal) {
  const refused: string[] = [];
  return { principal, address: '', refused, services: { audit: { refused: () => refused.push('') } } };
}

type Outcome = 'let through' | 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'FRESH_SIGN_IN_REQUIRED';

async function outcomeOf(
  field: GraphQLField<unknown, unknown>,
  principal: Principal,
  which: 'resolve' | 'subscribe',
  input: object = {},
) {
  const info = { parentType: { name: 'Test' }, fieldName: field.name, path: {}, variableValues: {} };
  return outcomeFrom(() => {
    const run = field[which];
    if (!run) throw new TypeError(`${field.name} has no ${which}`);
    // Of lists that say where, GraphQL makes sure that they are there.
    const sources: unknown[] = [];
    const args = { input: { sources, ...input }, sources };
    return Reflect.apply(run, undefined, [{}, args, contextOf(principal), info]);
  });
}

async function outcomeFrom(run: () => unknown): Promise<Outcome> {
  try {
    await run();
  } catch (error) {
    if (isServerKitError(error, 'UNAUTHENTICATED')) return 'UNAUTHENTICATED';
    if (isServerKitError(error, 'PERMISSION_DENIED')) return 'PERMISSION_DENIED';
    if (isServerKitError(error, 'FRESH_SIGN_IN_REQUIRED')) return 'FRESH_SIGN_IN_REQUIRED';
  }
  return 'let through';
}

function expected(access: FieldAccess, principal: Principal): Outcome {
  if (holds(principal, { access })) return 'let through';
  return principal.kind === 'anonymous' ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED';
}

const allScopes: readonly Scope[] = [...agentScopes, ...controlScopes];

/** Arguments that make a change sensitive which otherwise is not. */
const sensitiveInputs: Readonly<Record<string, object>> = {
  'Mutation.bulkServers': { action: 'DELETE' },
  'Mutation.setUpdatePolicy': { mode: 'apply' },
  'Mutation.updateServer': { profile: 'full_access' },
  'Mutation.updateUser': { role: 'viewer' },
};

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
    ).toEqual([
      'Query.oneTimeLink',
      'Query.setupStatus',
      'Mutation.acceptInvitation',
      'Mutation.completePasswordReset',
      'Mutation.completeSetup',
      'Mutation.completeSignIn',
      'Mutation.registerAgent',
      'Mutation.signIn',
    ]);
  });
});

const principals: readonly (readonly [string, Principal])[] = [
  ['a stranger', anonymous],
  ['someone without scopes', someone([])],
  ['a program without scopes', program([])],
  ['a program with all scopes', program(allScopes)],
  ...roles.map((role) => [role, someone(expand(roleScopes[role]))] as const),
  ...allScopes.map((scope) => [`only ${scope}`, someone([scope])] as const),
  ...allScopes.map(
    (scope) => [`all but ${scope}`, someone(allScopes.filter((one) => one !== scope))] as const,
  ),
];

describe('every root field', () => {
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

  test('that is sensitive wants a password proven within 15 minutes', async () => {
    const sensitive = roots.filter(({ field }) => field.extensions.serverkit?.fresh);
    const ask = (field: GraphQLField<unknown, unknown>, minutesAgo: number, input: object) =>
      outcomeOf(field, someone(allScopes, new Date(Date.now() - minutesAgo * 60_000)), 'resolve', input);
    const table = [];
    for (const { name, field } of sensitive) {
      const always = field.extensions.serverkit?.fresh === true;
      const input = always ? {} : (sensitiveInputs[name] ?? {});
      expect([name, await ask(field, 14, input)]).toEqual([name, 'let through']);
      expect([name, await ask(field, 16, input)]).toEqual([name, 'FRESH_SIGN_IN_REQUIRED']);
      expect([name, await ask(field, 16, {})]).toEqual([
        name,
        always ? 'FRESH_SIGN_IN_REQUIRED' : 'let through',
      ]);
      table.push(always ? name : `${name}: with ${Object.keys(input).join(', ')}`);
    }
    expect(table).toMatchInlineSnapshot(`
      [
        "Mutation.beginSecondFactor",
        "Mutation.bindGitSource",
        "Mutation.bulkServers: with action",
        "Mutation.confirmSecondFactor",
        "Mutation.createApiToken",
        "Mutation.createRegistry",
        "Mutation.createSecret",
        "Mutation.deleteRegistry",
        "Mutation.deleteSecret",
        "Mutation.deleteServer",
        "Mutation.deleteTerminalRecording",
        "Mutation.deleteUser",
        "Mutation.disableSecondFactor",
        "Mutation.grantAccess",
        "Mutation.inviteUser",
        "Mutation.regenerateRegistrationToken",
        "Mutation.renewInvitation",
        "Mutation.renewRecoveryCodes",
        "Mutation.requireTerminalRecording",
        "Mutation.resetPassword",
        "Mutation.resetSecondFactor",
        "Mutation.revokeAgent",
        "Mutation.revokeGrant",
        "Mutation.rotateControlKey",
        "Mutation.setAuditRetention",
        "Mutation.setTerminalRecording",
        "Mutation.setUpdatePolicy: with mode",
        "Mutation.setUserAccess",
        "Mutation.setUserDisabled",
        "Mutation.updateRegistry",
        "Mutation.updateSecret",
        "Mutation.updateServer: with profile",
        "Mutation.updateUser: with role",
      ]
    `);
  });

  test('is granted to these roles', () => {
    const table = roots.map(({ name, field }) => {
      const access = field.extensions.serverkit?.access ?? 'public';
      const granted = roles.filter((role) => holds(someone(expand(roleScopes[role])), { access }));
      return `${name}: ${access} → ${granted.join(' ')}`;
    });
    expect(table).toMatchInlineSnapshot(`
      [
        "Query.agentKeySchedule: settings:write → admin",
        "Query.apiTokens: session → admin operator viewer",
        "Query.auditEvents: audit:read → admin operator",
        "Query.auditRetention: audit:read → admin operator",
        "Query.containerTerminals: docker:containers:exec → admin",
        "Query.containers: docker:containers:read → admin operator viewer",
        "Query.controlPlane: signedIn → admin operator viewer",
        "Query.controlPlaneKeys: settings:write → admin",
        "Query.fleetOverview: servers:read → admin operator viewer",
        "Query.grants: users:read → admin",
        "Query.hostTerminals: system:terminal → admin",
        "Query.images: docker:images:read → admin operator viewer",
        "Query.invitations: users:read → admin",
        "Query.job: servers:read → admin operator viewer",
        "Query.jobs: servers:read → admin operator viewer",
        "Query.networks: docker:networks:read → admin operator viewer",
        "Query.node: signedIn → admin operator viewer",
        "Query.oneTimeLink: public → admin operator viewer",
        "Query.planFleetDeployment: docker:compose:write → admin operator",
        "Query.proposePlacement: servers:read → admin operator viewer",
        "Query.registries: docker:images:read → admin operator viewer",
        "Query.savedFilters: session → admin operator viewer",
        "Query.secrets: secrets:use → admin operator",
        "Query.server: servers:read → admin operator viewer",
        "Query.serverGroups: servers:read → admin operator viewer",
        "Query.serverTags: servers:read → admin operator viewer",
        "Query.servers: servers:read → admin operator viewer",
        "Query.setupStatus: public → admin operator viewer",
        "Query.stacks: docker:compose:read → admin operator viewer",
        "Query.terminalRecording: audit:read → admin operator",
        "Query.terminalRecordingSettings: settings:write → admin",
        "Query.terminalRecordings: audit:read → admin operator",
        "Query.tokenScopes: signedIn → admin operator viewer",
        "Query.updatePolicies: docker:images:read → admin operator viewer",
        "Query.user: users:read → admin",
        "Query.users: users:read → admin",
        "Query.verifyAudit: audit:read → admin operator",
        "Query.viewer: signedIn → admin operator viewer",
        "Query.volumes: docker:volumes:read → admin operator viewer",
        "Mutation.acceptInvitation: public → admin operator viewer",
        "Mutation.acknowledgeContainerTerminal: docker:containers:exec → admin",
        "Mutation.acknowledgeHostTerminal: system:terminal → admin",
        "Mutation.applyUpdate: docker:images:write → admin operator",
        "Mutation.beginSecondFactor: session → admin operator viewer",
        "Mutation.bindGitSource: docker:compose:write → admin operator",
        "Mutation.buildImage: docker:images:write → admin operator",
        "Mutation.bulkContainers: docker:containers:write → admin operator",
        "Mutation.bulkRemoveImages: docker:images:write → admin operator",
        "Mutation.bulkServers: servers:read → admin operator viewer",
        "Mutation.cancelJob: servers:read → admin operator viewer",
        "Mutation.changePassword: session → admin operator viewer",
        "Mutation.checkForUpdates: docker:images:write → admin operator",
        "Mutation.checkGitSource: docker:compose:write → admin operator",
        "Mutation.checkRegistry: docker:images:write → admin operator",
        "Mutation.closeContainerTerminal: docker:containers:exec → admin",
        "Mutation.closeHostTerminal: system:terminal → admin",
        "Mutation.commitContainer: docker:containers:exec → admin",
        "Mutation.completePasswordReset: public → admin operator viewer",
        "Mutation.completeSetup: public → admin operator viewer",
        "Mutation.completeSignIn: public → admin operator viewer",
        "Mutation.confirmSecondFactor: session → admin operator viewer",
        "Mutation.confirmSignIn: session → admin operator viewer",
        "Mutation.connectNetwork: docker:networks:write → admin operator",
        "Mutation.createApiToken: session → admin operator viewer",
        "Mutation.createContainer: docker:containers:write → admin operator",
        "Mutation.createFolder: files:write → admin",
        "Mutation.createNetwork: docker:networks:write → admin operator",
        "Mutation.createRegistry: settings:write → admin",
        "Mutation.createSecret: secrets:write → admin",
        "Mutation.createServer: servers:register → admin",
        "Mutation.createServerGroup: servers:write → admin operator",
        "Mutation.createVolume: docker:volumes:write → admin operator",
        "Mutation.deleteRegistry: settings:write → admin",
        "Mutation.deleteSavedFilter: session → admin operator viewer",
        "Mutation.deleteSecret: secrets:write → admin",
        "Mutation.deleteServer: servers:write → admin operator",
        "Mutation.deleteServerGroup: servers:write → admin operator",
        "Mutation.deleteTerminalRecording: settings:write → admin",
        "Mutation.deleteUser: users:write → admin",
        "Mutation.deployGitSource: docker:compose:write → admin operator",
        "Mutation.deployStack: docker:compose:write → admin operator",
        "Mutation.deployStackToMany: docker:compose:write → admin operator",
        "Mutation.disableSecondFactor: session → admin operator viewer",
        "Mutation.disconnectNetwork: docker:networks:write → admin operator",
        "Mutation.downStack: docker:compose:write → admin operator",
        "Mutation.duplicateContainer: docker:containers:write → admin operator",
        "Mutation.execInContainer: docker:containers:exec → admin",
        "Mutation.grantAccess: users:write → admin",
        "Mutation.inviteUser: users:write → admin",
        "Mutation.killContainer: docker:containers:write → admin operator",
        "Mutation.moveServers: servers:write → admin operator",
        "Mutation.openContainerTerminal: docker:containers:exec → admin",
        "Mutation.openHostTerminal: system:terminal → admin",
        "Mutation.pauseContainer: docker:containers:write → admin operator",
        "Mutation.pingServer: servers:read → admin operator viewer",
        "Mutation.pruneContainers: docker:containers:write → admin operator",
        "Mutation.pruneImages: docker:images:write → admin operator",
        "Mutation.pruneNetworks: docker:networks:write → admin operator",
        "Mutation.pruneVolumes: docker:volumes:write → admin operator",
        "Mutation.pullImage: docker:images:write → admin operator",
        "Mutation.pullImageOnMany: docker:images:write → admin operator",
        "Mutation.pullStack: docker:compose:write → admin operator",
        "Mutation.pushImage: docker:images:write → admin operator",
        "Mutation.recreateContainer: docker:containers:write → admin operator",
        "Mutation.regenerateRegistrationToken: servers:register → admin",
        "Mutation.registerAgent: public → admin operator viewer",
        "Mutation.removeContainer: docker:containers:write → admin operator",
        "Mutation.removeFile: files:write → admin",
        "Mutation.removeImage: docker:images:write → admin operator",
        "Mutation.removeNetwork: docker:networks:write → admin operator",
        "Mutation.removeStack: docker:compose:write → admin operator",
        "Mutation.removeUpdatePolicy: docker:images:write → admin operator",
        "Mutation.removeVolume: docker:volumes:write → admin operator",
        "Mutation.renameContainer: docker:containers:write → admin operator",
        "Mutation.renameFile: files:write → admin",
        "Mutation.renewInvitation: users:write → admin",
        "Mutation.renewRecoveryCodes: session → admin operator viewer",
        "Mutation.requireTerminalRecording: settings:write → admin",
        "Mutation.resetPassword: users:write → admin",
        "Mutation.resetSecondFactor: users:write → admin",
        "Mutation.resizeContainerTerminal: docker:containers:exec → admin",
        "Mutation.resizeHostTerminal: system:terminal → admin",
        "Mutation.restartAgent: agent:restart → admin operator",
        "Mutation.restartContainer: docker:containers:write → admin operator",
        "Mutation.restartStack: docker:compose:write → admin operator",
        "Mutation.restoreStack: docker:compose:write → admin operator",
        "Mutation.revealContainerEnvironment: docker:containers:exec → admin",
        "Mutation.revokeAgent: servers:register → admin",
        "Mutation.revokeApiToken: signedIn → admin operator viewer",
        "Mutation.revokeGrant: users:write → admin",
        "Mutation.revokeInvitation: users:write → admin",
        "Mutation.revokeSession: session → admin operator viewer",
        "Mutation.rotateAgentKey: servers:register → admin",
        "Mutation.rotateControlKey: settings:write → admin",
        "Mutation.saveFilter: session → admin operator viewer",
        "Mutation.scaleStack: docker:compose:write → admin operator",
        "Mutation.setAgentKeySchedule: settings:write → admin",
        "Mutation.setAuditRetention: settings:write → admin",
        "Mutation.setTerminalRecording: settings:write → admin",
        "Mutation.setUpdatePolicy: docker:images:write → admin operator",
        "Mutation.setUserAccess: users:write → admin",
        "Mutation.setUserDisabled: users:write → admin",
        "Mutation.signIn: public → admin operator viewer",
        "Mutation.signOut: session → admin operator viewer",
        "Mutation.startContainer: docker:containers:write → admin operator",
        "Mutation.startFileDownload: files:read → admin",
        "Mutation.startFileUpload: files:write → admin",
        "Mutation.startImageBuild: docker:images:write → admin operator",
        "Mutation.startLogDownload: docker:containers:read → admin operator viewer",
        "Mutation.startStack: docker:compose:write → admin operator",
        "Mutation.startTerminalRecordingDownload: audit:read → admin operator",
        "Mutation.stopContainer: docker:containers:write → admin operator",
        "Mutation.stopStack: docker:compose:write → admin operator",
        "Mutation.tagImage: docker:images:write → admin operator",
        "Mutation.tagServers: servers:write → admin operator",
        "Mutation.takeOverStack: docker:compose:write → admin operator",
        "Mutation.unbindGitSource: docker:compose:write → admin operator",
        "Mutation.unpauseContainer: docker:containers:write → admin operator",
        "Mutation.updateApiToken: session → admin operator viewer",
        "Mutation.updateContainer: docker:containers:write → admin operator",
        "Mutation.updateRegistry: settings:write → admin",
        "Mutation.updateSecret: secrets:write → admin",
        "Mutation.updateServer: servers:write → admin operator",
        "Mutation.updateServerGroup: servers:write → admin operator",
        "Mutation.updateUser: users:write → admin",
        "Mutation.updateViewer: session → admin operator viewer",
        "Mutation.writeContainerTerminal: docker:containers:exec → admin",
        "Mutation.writeHostTerminal: system:terminal → admin",
        "Subscription.containerEvents: docker:containers:read → admin operator viewer",
        "Subscription.containerLogs: docker:containers:read → admin operator viewer",
        "Subscription.containerTerminal: docker:containers:exec → admin",
        "Subscription.dockerEvents: docker:containers:read → admin operator viewer",
        "Subscription.fleetMetrics: system:metrics:read → admin operator viewer",
        "Subscription.fleetOverview: servers:read → admin operator viewer",
        "Subscription.hostTerminal: system:terminal → admin",
        "Subscription.jobChanges: servers:read → admin operator viewer",
        "Subscription.jobEvents: servers:read → admin operator viewer",
        "Subscription.mergedLogs: docker:containers:read → admin operator viewer",
        "Subscription.serverContainerStats: docker:containers:read → admin operator viewer",
        "Subscription.serverEvents: servers:read → admin operator viewer",
        "Subscription.serverGroups: servers:read → admin operator viewer",
        "Subscription.serverMetrics: system:metrics:read → admin operator viewer",
        "Subscription.stackEvents: docker:compose:read → admin operator viewer",
        "Subscription.updatePolicyEvents: docker:images:read → admin operator viewer",
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

describe('below the root', () => {
  const object = { id: 'srv_1', serverId: 'srv_1' };
  const info = { parentType: { name: 'Test' }, fieldName: 'test', path: {}, variableValues: {} };

  const fields = types.flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields()).flatMap((field) => {
          const access = field.extensions.serverkit?.access;
          return access === undefined ? [] : [{ name: `${type.name}.${field.name}`, field, access }];
        })
      : [],
  );
  const guarded = types.flatMap((type) => {
    const access = isObjectType(type) ? type.extensions.serverkit?.access : undefined;
    return access === undefined || access === 'inherited' || access === 'public' || !isObjectType(type)
      ? []
      : [{ name: type.name, type, access }];
  });

  test('there are fields and types that ask for more than what leads to them', () => {
    expect(fields.map(({ name }) => name)).toContain('Server.registration');
    expect(guarded.map(({ name }) => name)).toContain('Server');
  });

  test.each(fields)(
    '$name answers each role and each scope as its access says',
    async ({ field, access }) => {
      for (const [who, principal] of principals) {
        const outcome = await outcomeFrom(() =>
          Reflect.apply(field.resolve ?? missing, undefined, [object, {}, contextOf(principal), info]),
        );
        expect({ who, outcome }).toEqual({ who, outcome: expected(access, principal) });
      }
    },
  );

  test.each(guarded)(
    '$name is shown to each role and each scope as its access says',
    async ({ type, access }) => {
      for (const [who, principal] of principals) {
        const outcome = await outcomeFrom(() =>
          Reflect.apply(type.isTypeOf ?? missing, undefined, [object, contextOf(principal), info]),
        );
        expect({ who, outcome }).toEqual({ who, outcome: expected(access, principal) });
      }
    },
  );
});

/** What nothing guards lets everyone through, and so fails the tests. */
function missing(): void {}
