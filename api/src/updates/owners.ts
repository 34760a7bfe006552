import type { AgentScope, ServerScope } from '@serverkit/wire/scopes.ts';
import { agentScopes, isServerScope } from '@serverkit/wire/scopes.ts';
import type { Actor } from '../audit/actor.ts';
import type { Mandates } from '../mandates/service.ts';
import type { Hold, Policy, TargetKind, UpdateMode } from './policy.ts';

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

/** Who set a policy. */
export interface Owner extends Runner {
  /** What they may do themselves; a token they set it with may be worth less. */
  readonly own: ReadonlySet<string>;
}

/** Why nothing runs on behalf of who set a policy. */
export type OwnerHold = Extract<Hold, 'owner' | 'token'>;

/** The owner of a policy with what they may do now, and no more than they held when they set it; or why there is none. */
export async function ownerOf(
  mandates: Pick<Mandates, 'standing'>,
  policy: Pick<Policy, 'ownerId' | 'tokenId' | 'serverId' | 'scopes'>,
): Promise<Owner | OwnerHold> {
  const standing = await mandates.standing(policy);
  if (standing.state !== 'stands') return standing.state === 'tokenEnded' ? 'token' : 'owner';
  const { userId: id, email, rights, own } = standing;
  const held = rights.on(policy.serverId);
  return {
    actor: { kind: 'user', id, label: `update policy of ${email}`, address: '' },
    scopes: new Set(policy.scopes.filter((scope) => isServerScope(scope) && held.has(scope))),
    own: own.on(policy.serverId),
  };
}
