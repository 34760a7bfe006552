import type { PasswordReset, Prisma, User } from '@serverkit/prisma/generated/client/client.ts';
import type { Access } from '../access/service.ts';
import { isPerson } from '../context.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid } from '../errors.ts';
import { linkInvalid, newLink, opens, parseLink, type NewLink } from './links.ts';
import { keepAnAdministrator, type By, type People } from './people.ts';
import { mayManage } from './principal.ts';
import type { Sessions } from './sessions.ts';

export interface ResetMade {
  readonly user: User;
  readonly link: NewLink;
}

interface Needs {
  readonly access: Access;
  readonly db: Database;
  readonly people: People;
  readonly sessions: Sessions;
}

const withPeople = { user: true, createdBy: true } satisfies Prisma.PasswordResetInclude;
type OpenReset = Prisma.PasswordResetGetPayload<{ include: typeof withPeople }>;

/** Links by which people choose a new password, made for them by someone who manages users. */
export class Resets {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Takes away links that were used, replaced or too old before then. @returns how many */
  async sweep(before: Date): Promise<number> {
    const { count } = await this.#needs.db.prisma.passwordReset.deleteMany({
      where: {
        OR: [{ expiresAt: { lt: before } }, { usedAt: { lt: before } }, { revokedAt: { lt: before } }],
      },
    });
    return count;
  }

  /**
   * Takes the password away, ends the sessions, and answers with a link to choose another. The second factor stays.
   * @throws ServerKitError NOT_FOUND, PERMISSION_DENIED, CONFLICT for the last administrator, INPUT_INVALID for oneself
   */
  async create(userId: string, by: By): Promise<ResetMade> {
    const { principal } = by;
    if (!isPerson(principal)) throw new TypeError('Nobody is there to reset a password.');
    if (principal.user.id === userId) {
      throw inputInvalid('input.userId', 'Your own password is changed with changePassword.');
    }
    return this.#needs.people.change(userId, by, { action: 'user.resetPassword' }, async (tx, user) => {
      await keepAnAdministrator(tx, user);
      // The account before what hangs on it: who signs in at this moment waits for its row.
      const changed = await tx.user.update({ where: { id: userId }, data: { passwordHash: null } });
      await this.#needs.sessions.revokeAll(tx, userId);
      await revokeResets(tx, userId);
      const link = newLink('reset');
      await tx.passwordReset.create({
        data: {
          id: link.id,
          userId,
          createdById: principal.user.id,
          linkHash: link.hash,
          expiresAt: link.expiresAt,
        },
      });
      return { user: changed, link };
    });
  }

  /** Whose password a link sets; undefined when it is not, or no more, good. */
  async find(token: string): Promise<OpenReset | undefined> {
    const claim = parseLink(token);
    if (claim?.kind !== 'reset') return undefined;
    const reset = await this.#needs.db.prisma.passwordReset.findUnique({
      where: { id: claim.id },
      include: withPeople,
    });
    return reset && opens(reset, claim.secret) && stands(this.#needs.access, reset) ? reset : undefined;
  }

  /** Of two at once one wins. @throws ServerKitError LINK_INVALID */
  async complete(tx: Prisma.TransactionClient, { id }: PasswordReset, passwordHash: string): Promise<User> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`;
    // Looked at again: it may have been used or replaced while the password was hashed.
    const reset = await tx.passwordReset.findUnique({ where: { id }, include: withPeople });
    if (!reset || !stands(this.#needs.access, reset)) throw linkInvalid();
    await tx.passwordReset.update({ where: { id }, data: { usedAt: new Date() } });
    return tx.user.update({ where: { id: reset.userId }, data: { passwordHash } });
  }
}

/** Links made earlier stop working: there is a newer one, or the password was set in another way. */
export async function revokeResets(
  tx: Pick<Prisma.TransactionClient, 'passwordReset'>,
  userId: string,
): Promise<void> {
  await tx.passwordReset.updateMany({
    where: { userId, usedAt: null, revokedAt: null },
    data: { revokedAt: new Date() },
  });
}

/** Neither used, replaced nor too old, and still within the rights of who made it. */
function stands(access: Access, { usedAt, revokedAt, expiresAt, user, createdBy }: OpenReset): boolean {
  return (
    usedAt === null &&
    revokedAt === null &&
    expiresAt.getTime() > Date.now() &&
    createdBy.disabledAt === null &&
    mayManage(access, createdBy, user.role)
  );
}
