import type { AgentScope, ServerScope } from '@serverkit/wire/scopes.ts';
import { agentScopes, isServerScope } from '@serverkit/wire/scopes.ts';
import type { Access } from '../access/service.ts';
import type { Actor } from '../audit/actor.ts';
import type { Database } from '../database/database.ts';
import { withGrants } from '../identity/service.ts';
import type { Policy, TargetKind, UpdateMode } from './policy.ts';

/** On whose behalf something is looked at or updated, and with which rights on its server. */
export interface Runner {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<string>;
}

/** What a policy may ever run with: what was held of these when it was set. Running programs of one's own is not among them. */
export const policyScopes: readonly ServerScope[] = [
  ...agentScopes.filter(
    (scope) => /^docker:(containers|images|compose):/.test(scope) && scope !== 'docker:containers:exec',
  ),
  'secrets:use',
];

const reads = ['docker:containers:read', 'docker:images:read'] as const;
const needs = {
  container: { reads, writes: ['docker:containers:write', 'docker:images:write'] },
  stack: {
    reads: [...reads, 'docker:compose:read'],
    writes: ['docker:compose:write', 'docker:images:write'],
  },
} as const satisfies Record<TargetKind, { reads: readonly AgentScope[]; writes: readonly AgentScope[] }>;

/** What it takes to look for updates of something, and to apply them. */
export function scopesFor(kind: TargetKind, mode: UpdateMode): readonly AgentScope[] {
  const { reads: toLook, writes } = needs[kind];
  return mode === 'apply' ? [...toLook, ...writes] : toLook;
}

/** The first scope that is missing; undefined when none is. */
export function missingOf(runner: Runner, kind: TargetKind, mode: UpdateMode): AgentScope | undefined {
  return scopesFor(kind, mode).find((scope) => !runner.scopes.has(scope));
}

/** Of these those that a runner holds. */
export function heldBy({ scopes }: Runner, wanted: readonly AgentScope[]): AgentScope[] {
  return wanted.filter((scope) => scopes.has(scope));
}

interface Needs {
  readonly db: Database;
  readonly access: Pick<Access, 'rightsOf'>;
}

/**
 * The owner of a policy with what they may do now, and no more than they held when they set it; null for one who is gone
 * or may not sign in.
 */
export async function ownerOf({ db, access }: Needs, policy: Policy): Promise<Runner | null> {
  if (policy.ownerId === null) return null;
  const where = { id: policy.ownerId };
  const user = await db.prisma.user.findUnique({ where, include: withGrants });
  if (!user || user.disabledAt) return null;
  const held = access.rightsOf(user).on(policy.serverId);
  return {
    actor: { kind: 'user', id: user.id, label: `update policy of ${user.email}`, address: '' },
    scopes: new Set(policy.scopes.filter((scope) => isServerScope(scope) && held.has(scope))),
  };
}
