import type { User } from '@serverkit/prisma/generated/client/client.ts';
import type { Access, Standing } from '../access/service.ts';
import { userActor, type Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { UserPrincipal } from '../context.ts';
import { notFound, ServerKitError } from '../errors.ts';
import type { Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import { Attempts } from './attempts.ts';
import { normalizeEmail } from './email.ts';
import { principalChanged } from './events.ts';
import { Invitations } from './invitations.ts';
import { linkInvalid, type OpenLink } from './links.ts';
import { noSecondFactor, OwnAccount } from './own-account.ts';
import { checkPassword } from './password-rules.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { People, type By } from './people.ts';
import { principalOf } from './principal.ts';
import { Resets } from './resets.ts';
import { SecondFactors } from './second-factors.ts';
import { Sessions, type NewSession, type SessionClaim, type Visitor } from './sessions.ts';
import { Setup } from './setup.ts';
import { SignIn, type SignedIn } from './sign-in.ts';

export { readSessionCookie } from './cookies.ts';
export { describe, withGrants } from './principal.ts';
export { Throttle } from './throttle.ts';

export interface NewAdmin {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

interface Needs extends Pick<Platform, 'db' | 'log' | 'vault'> {
  readonly access: Access;
  readonly audit: Audit;
  readonly topics: Topics;
  /** @default argon2id */
  readonly passwords?: Passwords;
  /** Milliseconds since the epoch, for throttling and codes. */
  readonly now?: () => number;
}

/** People and their sessions. */
export class Identity {
  readonly sessions: Sessions;
  readonly setup: Setup;
  readonly people: People;
  readonly invitations: Invitations;
  readonly resets: Resets;
  readonly secondFactors: SecondFactors;
  readonly signIn: SignIn;
  readonly account: OwnAccount;
  readonly #needs: Needs;
  readonly #passwords: Passwords;
  readonly #attempts: Attempts;

  constructor(needs: Needs) {
    this.#needs = needs;
    const { db, log, access, audit, topics, vault, now = Date.now, passwords = createPasswords() } = needs;
    this.#passwords = passwords;
    const attempts = new Attempts(audit, now);
    this.#attempts = attempts;
    const sessions = new Sessions(db, log, access);
    this.sessions = sessions;
    this.setup = new Setup(db);
    const people = new People({ db, audit, topics, sessions });
    this.people = people;
    this.invitations = new Invitations({ db, access, audit, people });
    this.resets = new Resets({ db, access, people, sessions });
    const secondFactors = new SecondFactors({ db, vault, now });
    this.secondFactors = secondFactors;
    const shared = { db, access, audit, topics, passwords, sessions, secondFactors };
    const signIn = new SignIn({ ...shared, vault, attempts, now });
    this.signIn = signIn;
    this.account = new OwnAccount({ ...shared, signIn });
  }

  /** Who a browser is; undefined unless it shows both halves of an open session. */
  authenticate(claim: SessionClaim): Promise<UserPrincipal | undefined> {
    return this.sessions.authenticate(claim);
  }

  /**
   * Makes the first administrator with the code printed at start, and signs in.
   * @throws ServerKitError SETUP_DONE, SETUP_CODE_INVALID, INPUT_INVALID or RATE_LIMITED
   */
  async completeSetup(input: NewAdmin & { code: string }, visitor: Visitor): Promise<SignedIn> {
    const action = 'setup.complete';
    const settle = this.#attempts.begin({ account: 'setup', action, visitor });
    try {
      await this.setup.check(input.code);
    } catch (error) {
      if (error instanceof ServerKitError) {
        const who: Actor = { kind: 'anonymous', address: visitor.address };
        this.#needs.audit.refused({ actor: who, action, code: error.code });
      }
      throw error;
    }
    settle();
    const email = normalizeEmail(input.email);
    checkPassword(input.password, email);
    const passwordHash = await this.#passwords.hash(input.password);
    return this.#needs.db.prisma.$transaction(async (tx) => {
      const user = await this.setup.createFirstAdmin(tx, { email, name: input.name, passwordHash });
      const session = await this.sessions.create(tx, user.id, visitor);
      await this.#needs.audit.record(tx, {
        actor: userActor(user, visitor.address),
        action,
        target: { kind: 'user', id: user.id, name: user.email },
      });
      return this.#welcome(user, session);
    });
  }

  /** The first administrator from the environment. Does nothing once there is one. */
  async createAdminUnattended({ email, name, password }: NewAdmin): Promise<void> {
    if (!(await this.setup.needed())) return;
    const passwordHash = await this.#passwords.hash(password);
    await this.#needs.db.prisma.$transaction(async (tx) => {
      const user = await this.setup.createFirstAdmin(tx, {
        email: normalizeEmail(email),
        name,
        passwordHash,
      });
      await this.#needs.audit.record(tx, {
        actor: { kind: 'system', label: 'environment' },
        action: 'setup.complete',
        target: { kind: 'user', id: user.id, name: user.email },
      });
    });
  }

  /**
   * Makes the user an invitation is for, and signs in.
   * @throws ServerKitError LINK_INVALID, INPUT_INVALID, CONFLICT or RATE_LIMITED
   */
  async acceptInvitation(
    input: { readonly token: string; readonly name: string; readonly password: string },
    visitor: Visitor,
  ): Promise<SignedIn> {
    const action = 'invitation.accept';
    const invitation = await this.#open(action, visitor, () => this.invitations.find(input.token));
    checkPassword(input.password, invitation.email);
    const passwordHash = await this.#passwords.hash(input.password);
    return this.#needs.db.prisma.$transaction(async (tx) => {
      const user = await this.invitations.accept(tx, invitation, { name: input.name, passwordHash });
      const session = await this.sessions.create(tx, user.id, visitor);
      await this.#needs.audit.record(tx, {
        actor: userActor(user, visitor.address),
        action,
        target: { kind: 'invitation', id: invitation.id, name: user.email },
        parameters: { userId: user.id, role: user.role },
      });
      return this.#welcome(user, session);
    });
  }

  /**
   * Sets the password a reset link is for. Signs nobody in: whoever has a second factor needs it all the same.
   * @throws ServerKitError LINK_INVALID, INPUT_INVALID or RATE_LIMITED
   */
  async completePasswordReset(
    input: { readonly token: string; readonly password: string },
    visitor: Visitor,
  ): Promise<User> {
    const action = 'user.completePasswordReset';
    const reset = await this.#open(action, visitor, () => this.resets.find(input.token));
    checkPassword(input.password, reset.user.email);
    const passwordHash = await this.#passwords.hash(input.password);
    return this.#needs.db.prisma.$transaction(async (tx) => {
      const user = await this.resets.complete(tx, reset, passwordHash);
      await this.#needs.audit.record(tx, {
        actor: userActor(user, visitor.address),
        action,
        target: { kind: 'user', id: user.id, name: user.email },
      });
      return user;
    });
  }

  /**
   * Takes the second factor of somebody else away, who lost app and recovery codes; their sessions end.
   * @throws ServerKitError NOT_FOUND, PERMISSION_DENIED, CONFLICT without a second factor
   */
  async resetSecondFactor(userId: string, by: By): Promise<User> {
    return this.people.change(userId, by, { action: 'secondFactor.reset' }, async (tx, user) => {
      if (!(await this.secondFactors.remove(tx, userId))) throw noSecondFactor();
      await this.sessions.revokeAll(tx, userId);
      return user;
    });
  }

  /**
   * Ends a session of one's own; its sockets close at once.
   * @throws ServerKitError NOT_FOUND
   */
  async revokeSession(principal: UserPrincipal, sessionId: string, address: string): Promise<void> {
    const { id: userId } = principal.user;
    await this.#needs.db.prisma.$transaction(async (tx) => {
      if (!(await this.sessions.revoke(tx, userId, sessionId))) throw notFound('open session', sessionId);
      await this.#needs.audit.record(tx, {
        actor: userActor(principal.user, address),
        action: sessionId === principal.sessionId ? 'session.signOut' : 'session.revoke',
        target: { kind: 'session', id: sessionId },
      });
    });
    this.#needs.topics.publish(principalChanged, { userId, credentialId: sessionId });
  }

  /** For someone who has just become a user, and so has no grants yet. */
  #welcome(user: User & Partial<Pick<Standing, 'grants'>>, session: NewSession): SignedIn {
    const principal = principalOf(this.#needs.access, { ...user, grants: user.grants ?? null }, session);
    return { kind: 'signedIn', principal, secrets: session.secrets };
  }

  /** What a link is for; null when it does not work (any more). */
  async findLink(token: string): Promise<OpenLink | null> {
    const invitation = await this.invitations.find(token);
    if (invitation) {
      const { email, name, expiresAt } = invitation;
      return { kind: 'invitation', email, name, expiresAt };
    }
    const reset = await this.resets.find(token);
    return reset
      ? { kind: 'reset', email: reset.user.email, name: reset.user.name, expiresAt: reset.expiresAt }
      : null;
  }

  /** Finds what a link is for, slowly for those who try many. @throws ServerKitError LINK_INVALID or RATE_LIMITED */
  async #open<Found>(
    action: string,
    visitor: Visitor,
    find: () => Promise<Found | undefined>,
  ): Promise<Found> {
    const settle = this.#attempts.begin({ account: action, action, visitor });
    const found = await find();
    if (found) {
      settle();
      return found;
    }
    const actor: Actor = { kind: 'anonymous', address: visitor.address };
    this.#needs.audit.refused({ actor, action, code: 'LINK_INVALID' });
    throw linkInvalid();
  }
}
