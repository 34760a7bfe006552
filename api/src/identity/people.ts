import type { Prisma, User } from '@serverkit/prisma/generated/client/client.ts';
import type { Role } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../audit/actor.ts';
import type { Audit, AuditEntry } from '../audit/service.ts';
import type { RequestContext } from '../context.ts';
import type { Database } from '../database/database.ts';
import { notFound, ServerKitError } from '../errors.ts';
import type { Topics } from '../live/topics.ts';
import { principalChanged } from './events.ts';
import { holdsRole } from './principal.ts';
import type { Sessions } from './sessions.ts';

/** Who does it: rights, and what the audit wants to know. A resolver passes its context. */
export type By = Pick<RequestContext, 'principal' | 'address'>;

interface Needs {
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
  readonly sessions: Sessions;
}

/** What is done to an account, for the record. */
type Deed = Pick<AuditEntry, 'action' | 'parameters'>;

/** Accounts as those who manage them see them. */
export class People {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Changes name and role of somebody.
   * @throws ServerKitError NOT_FOUND, PERMISSION_DENIED when either role has more rights than `by`, CONFLICT for the last
   *   administrator
   */
  async update(
    userId: string,
    { name, role }: { readonly name?: string | undefined; readonly role?: Role | undefined },
    by: By,
  ): Promise<User> {
    if (role !== undefined) this.requireRole(role, by, { action: 'user.update' });
    const deed = { action: 'user.update', parameters: { name, role } };
    return this.change(userId, by, deed, async (tx, user) => {
      if (role !== undefined && role !== 'admin') await keepAnAdministrator(tx, user);
      return tx.user.update({
        where: { id: userId },
        data: { ...(name !== undefined && { name }), ...(role !== undefined && { role }) },
      });
    });
  }

  /**
   * Lets nobody in as this person, from this moment: sessions and API tokens end for good, and open sockets with them. Enabling opens
   * the account, and nothing that was ended.
   * @throws ServerKitError NOT_FOUND, PERMISSION_DENIED, CONFLICT for the last administrator
   */
  async setDisabled(userId: string, disabled: boolean, by: By): Promise<User> {
    const deed = { action: disabled ? 'user.disable' : 'user.enable' };
    return this.change(userId, by, deed, async (tx, user) => {
      if (disabled) await keepAnAdministrator(tx, user);
      const disabledAt = disabled ? (user.disabledAt ?? new Date()) : null;
      // The account before what hangs on it: who signs in at this moment waits for its row.
      const changed = await tx.user.update({ where: { id: userId }, data: { disabledAt } });
      if (disabled) {
        await this.#needs.sessions.revokeAll(tx, userId);
        await tx.apiToken.updateMany({ where: { userId, revokedAt: null }, data: { revokedAt: new Date() } });
      }
      return changed;
    });
  }

  /** @throws ServerKitError NOT_FOUND, PERMISSION_DENIED, CONFLICT for the last administrator */
  async delete(userId: string, by: By): Promise<void> {
    await this.change(userId, by, { action: 'user.delete' }, async (tx, user) => {
      await keepAnAdministrator(tx, user);
      await tx.user.delete({ where: { id: userId } });
    });
  }

  /**
   * Does something to an account on behalf of someone else, puts it on record with it, and has everything that is open
   * for that person checked again.
   * @throws ServerKitError NOT_FOUND, PERMISSION_DENIED when the person has more rights than `by`
   */
  async change<Result>(
    userId: string,
    by: By,
    deed: Deed,
    work: (tx: Prisma.TransactionClient, user: User) => Promise<Result>,
  ): Promise<Result> {
    const { db, audit, topics } = this.#needs;
    const result = await db.prisma.$transaction(async (tx) => {
      // Others who change the same accounts wait, so that two cannot each leave the other as the last administrator.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`;
      const user = await tx.user.findUnique({ where: { id: userId } });
      if (!user) throw notFound('user', userId);
      const target = { kind: 'user', id: user.id, name: user.email };
      this.requireRole(user.role, by, { ...deed, target });
      const done = await work(tx, user);
      await audit.record(tx, { actor: actorOf(by), target, ...deed });
      return done;
    });
    topics.publish(principalChanged, { userId });
    return result;
  }

  /**
   * Nobody gives more than they hold, nor lays hands on someone who holds more: a new password for an administrator is
   * an administrator's account.
   * @throws ServerKitError PERMISSION_DENIED
   */
  requireRole(role: string, by: By, deed: Deed & Pick<AuditEntry, 'target'>): void {
    if (holdsRole(by.principal, role)) return;
    this.#needs.audit.refused({ ...deed, actor: actorOf(by), code: 'PERMISSION_DENIED' });
    throw new ServerKitError(
      'PERMISSION_DENIED',
      'You can neither give nor change what has more rights than you hold yourself. Ask an administrator.',
    );
  }
}

/**
 * Refuses what would leave nobody in charge: an administrator who is enabled and has a password. Must run under the lock
 * of {@link People.change}.
 * @throws ServerKitError CONFLICT
 */
export async function keepAnAdministrator(
  tx: Pick<Prisma.TransactionClient, 'user'>,
  { id, role, disabledAt, passwordHash }: User,
): Promise<void> {
  if (role !== 'admin' || disabledAt !== null || passwordHash === null) return;
  const others = await tx.user.count({
    where: { id: { not: id }, role: 'admin', disabledAt: null, passwordHash: { not: null } },
  });
  if (others > 0) return;
  throw new ServerKitError(
    'CONFLICT',
    'This is the last administrator who can sign in. Make someone else an administrator first.',
  );
}
