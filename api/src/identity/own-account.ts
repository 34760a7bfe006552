import type { Prisma, User } from '@serverkit/prisma/generated/client/client.ts';
import { userActor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { UserPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import { ServerKitError } from '../errors.ts';
import type { Topics } from '../live/topics.ts';
import { principalChanged } from './events.ts';
import { checkPassword } from './password-rules.ts';
import type { Passwords } from './passwords.ts';
import { revokeResets } from './resets.ts';
import type { SecondFactors } from './second-factors.ts';
import type { Sessions, Visitor } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import type { TotpEnrolment } from './totp.ts';

interface Needs {
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly secondFactors: SecondFactors;
  readonly signIn: SignIn;
}

/** What people do to their own account. */
export class OwnAccount {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  rename(principal: UserPrincipal, name: string, visitor: Visitor): Promise<User> {
    return this.#change(principal, visitor, 'user.rename', (tx) =>
      tx.user.update({ where: { id: principal.user.id }, data: { name } }),
    );
  }

  /**
   * Sets another password and ends the other sessions.
   * @throws ServerKitError CREDENTIALS_INVALID, INPUT_INVALID, RATE_LIMITED
   */
  async changePassword(
    principal: UserPrincipal,
    input: { readonly currentPassword: string; readonly newPassword: string },
    visitor: Visitor,
  ): Promise<void> {
    const { passwords, sessions, signIn } = this.#needs;
    const action = 'user.changePassword';
    const user = await signIn.checkPassword(principal, input.currentPassword, action, visitor);
    checkPassword(input.newPassword, user.email, 'input.newPassword');
    const passwordHash = await passwords.hash(input.newPassword);
    await this.#change(principal, visitor, action, async (tx) => {
      // Nothing is changed for one whose password was reset, or changed elsewhere, while this one was checked.
      const { count } = await tx.user.updateMany({
        where: { id: user.id, passwordHash: user.passwordHash },
        data: { passwordHash },
      });
      if (count === 0)
        throw new ServerKitError('CONFLICT', 'The password was changed elsewhere at this moment.');
      await revokeResets(tx, user.id);
      await sessions.revokeAll(tx, user.id, principal.sessionId);
      await sessions.refresh(tx, principal.sessionId);
    });
  }

  /**
   * Shows the secret for an authenticator app; nothing is asked for until a code of it was confirmed.
   * @param issuer - how the app names this installation
   * @throws ServerKitError CONFLICT when there is a second factor already
   */
  beginSecondFactor(principal: UserPrincipal, issuer: string): Promise<TotpEnrolment> {
    const { db, secondFactors } = this.#needs;
    return db.prisma.$transaction((tx) => secondFactors.begin(tx, principal.user, issuer));
  }

  /**
   * Turns the second factor on and ends the other sessions, which were opened without it.
   * @returns recovery codes, which are shown once
   * @throws ServerKitError SECOND_FACTOR_INVALID, CONFLICT
   */
  async confirmSecondFactor(principal: UserPrincipal, code: string, visitor: Visitor): Promise<string[]> {
    const { sessions, secondFactors } = this.#needs;
    return this.#change(principal, visitor, 'secondFactor.enable', async (tx) => {
      const codes = await secondFactors.confirm(tx, principal.user.id, code);
      await sessions.revokeAll(tx, principal.user.id, principal.sessionId);
      return codes;
    });
  }

  /** New recovery codes in place of all earlier ones. @throws ServerKitError CONFLICT without a second factor */
  renewRecoveryCodes(principal: UserPrincipal, visitor: Visitor): Promise<string[]> {
    const { secondFactors } = this.#needs;
    return this.#change(principal, visitor, 'secondFactor.renewRecoveryCodes', async (tx) => {
      if (!(await secondFactors.enabled(principal.user.id))) throw noSecondFactor();
      return secondFactors.renewRecoveryCodes(tx, principal.user.id);
    });
  }

  /** @throws ServerKitError CONFLICT without a second factor */
  disableSecondFactor(principal: UserPrincipal, visitor: Visitor): Promise<void> {
    return this.#change(principal, visitor, 'secondFactor.disable', async (tx) => {
      if (!(await this.#needs.secondFactors.remove(tx, principal.user.id))) throw noSecondFactor();
    });
  }

  async #change<Result>(
    { user }: UserPrincipal,
    { address }: Visitor,
    action: string,
    work: (tx: Prisma.TransactionClient) => Promise<Result>,
  ): Promise<Result> {
    const { db, audit, topics } = this.#needs;
    const result = await db.prisma.$transaction(async (tx) => {
      const done = await work(tx);
      const target = { kind: 'user', id: user.id, name: user.email };
      await audit.record(tx, { actor: userActor(user, address), action, target });
      return done;
    });
    topics.publish(principalChanged, { userId: user.id });
    return result;
  }
}

export function noSecondFactor(): ServerKitError {
  return new ServerKitError('CONFLICT', 'There is no second factor to change.');
}
