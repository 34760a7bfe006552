import type { AccessGrant, Prisma, User } from '@serverkit/prisma/generated/client/client.ts';
import {
  expand,
  isScopePattern,
  isServerScope,
  roleScopes,
  roles,
  type Scope,
} from '@serverkit/wire/scopes.ts';
import { actorOf } from '../audit/actor.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import { isPerson, type RequestContext } from '../context.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid, notFound, permissionDenied, ServerKitError } from '../errors.ts';
import { principalChanged } from '../identity/events.ts';
import { newId } from '../ids.ts';
import type { Topics } from '../live/topics.ts';
import type { Promised } from './promised.ts';
import type { Rights } from './rights.ts';
import { tokenScopes } from './token-scopes.ts';

/** Who does it: rights, and what the audit wants to know. A resolver passes its context. */
type By = Pick<RequestContext, 'principal' | 'address'>;

/** Where somebody is to hold what. */
export interface GrantFields {
  /** One of the two. */
  readonly serverId?: string | null | undefined;
  readonly groupId?: string | null | undefined;
  readonly scopes: readonly string[];
}

export interface NewGrant extends GrantFields {
  readonly userId: string;
}

interface Needs {
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
}

/** Who may do something on some servers only, and what: given, changed and taken away. */
export class Grants {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Gives somebody scopes on a server or a group, in place of those given there before. servers:read comes with them.
   * @throws ServerKitError INPUT_INVALID, NOT_FOUND, PERMISSION_DENIED for a scope that `by` does not hold, or for someone
   *   who may do more than `by`
   */
  async give({ userId, ...fields }: NewGrant, by: By): Promise<AccessGrant> {
    const { scopes, ...place } = checked(fields);
    const grant = await this.#needs.db.prisma.$transaction(async (tx) => {
      const user = await this.#user(tx, userId, by, 'grant.give');
      const missing = beyond(by.principal.rights, scopes);
      if (missing) throw this.#refused(by, 'grant.give', missing, targetOf(user));
      await findPlace(tx, place);
      await tx.accessGrant.deleteMany({ where: { userId, ...place } });
      const made = await tx.accessGrant.create({
        data: {
          id: newId('grant'),
          userId,
          ...place,
          scopes,
          createdById: isPerson(by.principal) ? by.principal.user.id : null,
        },
      });
      await this.#record(tx, by, 'grant.give', user, { ...place, scopes });
      return made;
    });
    this.#tell(userId);
    return grant;
  }

  /**
   * What an invitation is to give, as it is kept with it.
   * @throws ServerKitError INPUT_INVALID, NOT_FOUND, PERMISSION_DENIED for a scope that `by` does not hold
   */
  async promise(tx: Prisma.TransactionClient, grants: readonly GrantFields[], by: By): Promise<Promised[]> {
    const promised: Promised[] = [];
    for (const fields of grants) {
      const grant = checked(fields);
      const missing = beyond(by.principal.rights, grant.scopes);
      if (missing) throw this.#refused(by, 'invitation.create', missing);
      await findPlace(tx, grant);
      promised.push(grant);
    }
    return promised;
  }

  /** Gives someone new what their invitation promised, as far as the servers and groups are still there. */
  async keepPromise(
    tx: Prisma.TransactionClient,
    { userId, promised, createdById }: { userId: string; promised: readonly Promised[]; createdById: string },
  ): Promise<void> {
    for (const { scopes, ...place } of promised) {
      if (!(await placeExists(tx, place))) continue;
      // One grant for a place: the last that names it counts.
      await tx.accessGrant.deleteMany({ where: { userId, ...place } });
      await tx.accessGrant.create({
        data: { id: newId('grant'), userId, ...place, scopes: [...scopes], createdById },
      });
    }
  }

  /** @throws ServerKitError NOT_FOUND, PERMISSION_DENIED for a grant of someone who may do more than `by` */
  async revoke(grantId: string, by: By): Promise<void> {
    const { userId } = await this.#needs.db.prisma.$transaction(async (tx) => {
      const grant = await tx.accessGrant.findUnique({ where: { id: grantId } });
      if (!grant) throw notFound('grant', grantId);
      const user = await this.#user(tx, grant.userId, by, 'grant.revoke');
      await tx.accessGrant.delete({ where: { id: grantId } });
      const { serverId, groupId, scopes } = grant;
      await this.#record(tx, by, 'grant.revoke', user, { serverId, groupId, scopes });
      return grant;
    });
    this.#tell(userId);
  }

  /**
   * Limits somebody to their grants, or lets the role hold everywhere.
   * @throws ServerKitError NOT_FOUND, CONFLICT for administrators, PERMISSION_DENIED for more than `by` holds
   */
  async setAccess(userId: string, access: 'all' | 'granted', by: By): Promise<User> {
    const changed = await this.#needs.db.prisma.$transaction(async (tx) => {
      const user = await this.#user(tx, userId, by, 'user.setAccess');
      if (access === 'granted' && user.role === 'admin') {
        throw new ServerKitError('CONFLICT', 'Administrators see every server. Give another role first.');
      }
      const after = await tx.user.update({ where: { id: userId }, data: { access } });
      await this.#record(tx, by, 'user.setAccess', user, { access });
      return after;
    });
    this.#tell(userId);
    return changed;
  }

  /** People with grants on any of these, whose rights end with them. */
  async holders(
    tx: Prisma.TransactionClient,
    place: { readonly serverIds: readonly string[] } | { readonly groupIds: readonly string[] },
  ): Promise<string[]> {
    const found = await tx.accessGrant.findMany({
      where:
        'serverIds' in place
          ? { serverId: { in: [...place.serverIds] } }
          : { groupId: { in: [...place.groupIds] } },
      select: { userId: true },
      distinct: ['userId'],
    });
    return found.map(({ userId }) => userId);
  }

  /**
   * Refuses to bring servers into groups where others, people or programs, would get more on them than `by` holds.
   * @throws ServerKitError PERMISSION_DENIED
   */
  async refuseConferring(
    tx: Prisma.TransactionClient,
    groupIds: readonly string[],
    rights: Rights,
  ): Promise<void> {
    const grants = await tx.accessGrant.findMany({
      where: { groupId: { in: [...groupIds] } },
      select: { scopes: true, user: { select: { role: true } } },
    });
    const tokens = await tx.apiToken.findMany({
      where: {
        groupIds: { hasSome: [...groupIds] },
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }],
        // Those of others hold no more than the grants of their owners.
        user: { disabledAt: null, access: 'all' },
      },
      select: { scopes: true, user: { select: { role: true } } },
    });
    const programs = tokens.map(({ scopes, user }) => ({ scopes: tokenScopes(scopes), user }));
    for (const { scopes, user } of [...grants, ...programs]) {
      const role = roles.find((one) => one === user.role);
      const ceiling = new Set(role ? expand(roleScopes[role]) : []);
      const missing = beyond(rights, scopes, (scope) => ceiling.has(scope));
      if (missing) throw permissionDenied(missing);
    }
  }

  /** Tells those who hold something open for these people to look at their rights again. */
  told(userIds: readonly string[]): void {
    for (const userId of userIds) this.#tell(userId);
  }

  /**
   * Whose access it is. As with accounts, nobody lays hands on someone who may do more; and accounts are changed by one at
   * a time, so that the role is still the one looked at.
   */
  async #user(tx: Prisma.TransactionClient, id: string, by: By, action: string): Promise<User> {
    await lockPeople(tx);
    const user = await tx.user.findUnique({ where: { id } });
    if (!user) throw notFound('user', id);
    const role = roles.find((one) => one === user.role);
    const missing = expand(role ? roleScopes[role] : ['*']).find(
      (scope) => !by.principal.rights.everywhere.has(scope),
    );
    if (missing) throw this.#refused(by, action, missing, targetOf(user));
    return user;
  }

  #refused(by: By, action: string, missing: Scope, target?: AuditTarget): ServerKitError {
    this.#needs.audit.refused({
      actor: actorOf(by),
      action,
      code: 'PERMISSION_DENIED',
      ...(target && { target }),
    });
    return permissionDenied(missing);
  }

  #record(
    tx: Prisma.TransactionClient,
    by: By,
    action: string,
    user: User,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.#needs.audit.record(tx, { actor: actorOf(by), action, target: targetOf(user), parameters });
  }

  #tell(userId: string): void {
    this.#needs.topics.publish(principalChanged, { userId });
  }
}

function targetOf({ id, email }: User): AuditTarget {
  return { kind: 'user', id, name: email };
}

/** servers:read comes with every grant. @throws ServerKitError INPUT_INVALID */
function checked({ serverId, groupId, scopes }: GrantFields): Promised {
  if ((serverId == null) === (groupId == null)) {
    throw inputInvalid('input', 'Name a server or a group, and not both.');
  }
  const unknown = scopes.find((scope) => !isScopePattern(scope));
  if (unknown !== undefined) throw inputInvalid('input.scopes', `There is no scope ${unknown.slice(0, 80)}.`);
  return {
    serverId: serverId ?? null,
    groupId: groupId ?? null,
    scopes: [...new Set(['servers:read', ...scopes])],
  };
}

/** @throws ServerKitError NOT_FOUND */
async function findPlace(tx: Prisma.TransactionClient, place: Omit<Promised, 'scopes'>): Promise<void> {
  if (await placeExists(tx, place)) return;
  throw place.serverId === null ? notFound('group', place.groupId ?? '') : notFound('server', place.serverId);
}

async function placeExists(
  tx: Prisma.TransactionClient,
  { serverId, groupId }: Omit<Promised, 'scopes'>,
): Promise<boolean> {
  // Held until the grant is there, so that nobody takes away meanwhile what it is on.
  const found =
    serverId === null
      ? await tx.$executeRaw`SELECT 1 FROM "ServerGroup" WHERE "id" = ${groupId} FOR KEY SHARE`
      : await tx.$executeRaw`SELECT 1 FROM "Server" WHERE "id" = ${serverId} FOR KEY SHARE`;
  return found > 0;
}

/** A scope held on servers that these patterns stand for and that is not held on all of them. */
function beyond(
  { everywhere }: Rights,
  patterns: readonly string[],
  counts: (scope: Scope) => boolean = () => true,
): Scope | undefined {
  return expand(patterns).find((scope) => isServerScope(scope) && counts(scope) && !everywhere.has(scope));
}

/** The lock under which accounts are changed. */
async function lockPeople(tx: Prisma.TransactionClient): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`;
}
