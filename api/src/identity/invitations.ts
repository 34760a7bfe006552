import type { Invitation, Prisma, User } from '@serverkit/prisma/generated/client/client.ts';
import type { Role } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import { readPromised, type Access, type GrantFields, type Standing } from '../access/service.ts';
import { isPerson } from '../context.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid, notFound, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import { linkInvalid, newLink, opens, parseLink, type NewLink } from './links.ts';
import type { By, People } from './people.ts';
import { normalizeEmail } from './email.ts';
import { mayManage, withGrants } from './principal.ts';

export interface InvitationFields {
  readonly email: string;
  /** Offered to whoever accepts, who may choose another. */
  readonly name: string;
  readonly role: Role;
  readonly access: 'all' | 'granted';
  /** With access `granted` only. */
  readonly grants: readonly GrantFields[];
}

export interface Invited {
  readonly invitation: Invitation;
  readonly link: NewLink;
}

interface Needs {
  readonly access: Access;
  readonly db: Database;
  readonly audit: Audit;
  readonly people: People;
}

const withInviter = { createdBy: true } satisfies Prisma.InvitationInclude;

/** Links by which people become users. There is no mail server: whoever invites passes the link on. */
export class Invitations {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * @throws ServerKitError PERMISSION_DENIED for more than one's own rights, INPUT_INVALID or NOT_FOUND for grants that
   *   cannot be given, CONFLICT for someone known or invited
   */
  async create({ email: given, name, role, access, grants }: InvitationFields, by: By): Promise<Invited> {
    const { db, audit, people } = this.#needs;
    const email = normalizeEmail(given);
    people.requireRole(role, by, { action: 'invitation.create', parameters: { email, role } });
    if (access === 'granted' ? role === 'admin' : grants.length > 0) {
      throw inputInvalid(
        'input.access',
        'Grants are for those who are limited to them, and nobody limits administrators.',
      );
    }
    const createdById = inviter(by);
    return db.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`;
      if (await tx.user.findUnique({ where: { email } })) throw taken(email);
      const open = await tx.invitation.findFirst({ where: { email, acceptedAt: null, revokedAt: null } });
      if (open) {
        throw new ServerKitError(
          'CONFLICT',
          `${email} is invited already. Renew the link of that invitation, or revoke it first.`,
          { details: { invitationId: open.id } },
        );
      }
      const promised = await this.#needs.access.grants.promise(tx, grants, by);
      const link = newLink('invitation');
      const invitation = await tx.invitation.create({
        data: {
          id: link.id,
          email,
          name,
          role,
          access,
          grants: promised,
          createdById,
          linkHash: link.hash,
          expiresAt: link.expiresAt,
        },
      });
      await audit.record(tx, {
        actor: actorOf(by),
        action: 'invitation.create',
        target: { kind: 'invitation', id: invitation.id, name: email },
        parameters: { role, access, grants: promised },
      });
      return { invitation, link };
    });
  }

  /** A new link for an invitation not accepted yet; the one before stops working. @throws ServerKitError NOT_FOUND, PERMISSION_DENIED */
  async renew(id: string, by: By): Promise<Invited> {
    return this.#change(id, by, 'invitation.renew', async (tx) => {
      const link = newLink('invitation', id);
      const invitation = await tx.invitation.update({
        where: { id },
        data: { linkHash: link.hash, expiresAt: link.expiresAt, createdById: inviter(by) },
      });
      return { invitation, link };
    });
  }

  /** @throws ServerKitError NOT_FOUND, PERMISSION_DENIED */
  async revoke(id: string, by: By): Promise<void> {
    await this.#change(id, by, 'invitation.revoke', (tx) =>
      tx.invitation.update({ where: { id }, data: { revokedAt: new Date() } }),
    );
  }

  /** Whom a link invites; undefined when it is not, or no more, good. */
  async find(token: string): Promise<Invitation | undefined> {
    const claim = parseLink(token);
    if (claim?.kind !== 'invitation') return undefined;
    const invitation = await this.#needs.db.prisma.invitation.findUnique({
      where: { id: claim.id },
      include: withInviter,
    });
    return invitation && opens(invitation, claim.secret) && stands(this.#needs.access, invitation)
      ? invitation
      : undefined;
  }

  /**
   * Makes the user an invitation is for. Of two at once one wins.
   * @throws ServerKitError LINK_INVALID, or CONFLICT when the address has become a user meanwhile
   */
  async accept(
    tx: Prisma.TransactionClient,
    { id, linkHash }: Invitation,
    { name, passwordHash }: { readonly name: string; readonly passwordHash: string },
  ): Promise<User & Pick<Standing, 'grants'>> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`;
    // Looked at again: the link may have been used, replaced or revoked while the password was hashed.
    const invitation = await tx.invitation.findUnique({ where: { id, linkHash }, include: withInviter });
    if (!invitation || !stands(this.#needs.access, invitation)) throw linkInvalid();
    const { email, role, access, createdById } = invitation;
    if (await tx.user.findUnique({ where: { email } })) throw taken(email);
    await tx.invitation.update({ where: { id }, data: { acceptedAt: new Date() } });
    const { id: userId } = await tx.user.create({
      data: { id: newId('user'), email, name, role, access, passwordHash },
    });
    await this.#needs.access.grants.keepPromise(tx, {
      userId,
      promised: readPromised(invitation.grants),
      createdById,
    });
    return tx.user.findUniqueOrThrow({ where: { id: userId }, include: withGrants });
  }

  /** Takes away those that were used, revoked or too old before then. @returns how many */
  async sweep(before: Date): Promise<number> {
    const { count } = await this.#needs.db.prisma.invitation.deleteMany({
      where: {
        OR: [{ expiresAt: { lt: before } }, { acceptedAt: { lt: before } }, { revokedAt: { lt: before } }],
      },
    });
    return count;
  }

  async #change<Result>(
    id: string,
    by: By,
    action: string,
    work: (tx: Prisma.TransactionClient) => Promise<Result>,
  ): Promise<Result> {
    const { db, audit, people } = this.#needs;
    return db.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`;
      const invitation = await tx.invitation.findUnique({ where: { id, acceptedAt: null, revokedAt: null } });
      if (!invitation) throw notFound('open invitation', id);
      const target = { kind: 'invitation', id, name: invitation.email };
      people.requireRole(invitation.role, by, { action, target });
      const result = await work(tx);
      await audit.record(tx, { actor: actorOf(by), action, target });
      return result;
    });
  }
}

/** Neither used, revoked nor too old, and still within the rights of who made it. */
function stands(
  access: Access,
  {
    acceptedAt,
    revokedAt,
    expiresAt,
    role,
    createdBy,
  }: Prisma.InvitationGetPayload<{ include: typeof withInviter }>,
): boolean {
  return (
    acceptedAt === null &&
    revokedAt === null &&
    expiresAt.getTime() > Date.now() &&
    createdBy.disabledAt === null &&
    mayManage(access, createdBy, role)
  );
}

function inviter({ principal }: By): string {
  if (isPerson(principal)) return principal.user.id;
  throw new TypeError('Nobody is there to invite.');
}

function taken(email: string): ServerKitError {
  return new ServerKitError('CONFLICT', `${email} is a user already.`);
}
