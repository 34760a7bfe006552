import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Access } from '../access/service.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { UserPrincipal } from '../context.ts';
import type { Platform } from '../platform.ts';
import type { Topics } from '../live/topics.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { principalChanged } from './events.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { principalOf } from './principal.ts';
import type { SessionSecrets } from './session-secrets.ts';
import { Sessions, type SessionClaim, type Visitor } from './sessions.ts';
import { Setup } from './setup.ts';
import { addressKey, Throttle } from './throttle.ts';

export { readSessionCookie } from './cookies.ts';

const minute = 60_000;

export interface SignedIn {
  readonly principal: UserPrincipal;
  readonly secrets: SessionSecrets;
}

export interface NewAdmin {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

const withGrants = {
  grants: { select: { serverId: true, groupId: true, scopes: true }, orderBy: { id: 'asc' } },
} as const satisfies Prisma.UserInclude;

interface Needs extends Pick<Platform, 'db' | 'log'> {
  readonly access: Access;
  readonly audit: Audit;
  readonly topics: Topics;
  /** @default argon2id */
  readonly passwords?: Passwords;
  /** Milliseconds since the epoch, for throttling. */
  readonly now?: () => number;
}

/** People and their sessions. */
export class Identity {
  readonly sessions: Sessions;
  readonly setup: Setup;
  readonly #needs: Needs;
  readonly #passwords: Passwords;
  /** Guesses at one account from one place. The pair, so that a stranger cannot lock the owner out. */
  readonly #byAccount: Throttle;
  /** Guesses from one place at any account. */
  readonly #byAddress: Throttle;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#passwords = needs.passwords ?? createPasswords();
    this.sessions = new Sessions(needs.db, needs.log, needs.access);
    this.setup = new Setup(needs.db);
    const now = needs.now ?? Date.now;
    this.#byAccount = new Throttle({
      free: 5,
      firstWaitMs: 1_000,
      longestWaitMs: 15 * minute,
      maxKeys: 20_000,
      now,
    });
    this.#byAddress = new Throttle({
      free: 30,
      firstWaitMs: 1_000,
      longestWaitMs: 15 * minute,
      maxKeys: 20_000,
      now,
    });
  }

  /** Who a browser is; undefined unless it shows both halves of an open session. */
  authenticate(claim: SessionClaim): Promise<UserPrincipal | undefined> {
    return this.sessions.authenticate(claim);
  }

  /**
   * Takes the same steps for an account that does not exist as for a wrong password.
   * @throws ServerKitError CREDENTIALS_INVALID or RATE_LIMITED
   */
  async signIn(input: { email: string; password: string }, visitor: Visitor): Promise<SignedIn> {
    const email = normalizeEmail(input.email);
    const settle = this.#throttle(email, visitor);
    const user = await this.#needs.db.prisma.user.findUnique({ where: { email }, include: withGrants });
    const usable = user?.disabledAt === null ? user : undefined;
    if (!(await this.#passwords.verify(usable?.passwordHash, input.password)) || !usable) {
      this.#needs.audit.refused({
        actor: { kind: 'anonymous', address: visitor.address },
        action: 'session.signIn',
        code: 'CREDENTIALS_INVALID',
        ...(user && { target: { kind: 'user', id: user.id, name: user.email } }),
      });
      throw new ServerKitError('CREDENTIALS_INVALID', 'The e-mail address or the password is not right.');
    }
    settle();
    const upgrade = this.#passwords.outdated(usable.passwordHash)
      ? await this.#passwords.hash(input.password)
      : undefined;
    return this.#needs.db.prisma.$transaction(async (tx) => {
      if (upgrade) await tx.user.update({ where: { id: usable.id }, data: { passwordHash: upgrade } });
      const session = await this.sessions.create(tx, usable.id, visitor);
      await this.#needs.audit.record(tx, {
        actor: actor(usable, visitor),
        action: 'session.signIn',
        target: { kind: 'session', id: session.id },
      });
      return { principal: principalOf(this.#needs.access, usable, session.id), secrets: session.secrets };
    });
  }

  /**
   * Makes the first administrator with the code printed at start, and signs in.
   * @throws ServerKitError SETUP_DONE, SETUP_CODE_INVALID or RATE_LIMITED
   */
  async completeSetup(input: NewAdmin & { code: string }, visitor: Visitor): Promise<SignedIn> {
    const settle = this.#throttle('setup', visitor);
    try {
      await this.setup.check(input.code);
    } catch (error) {
      if (error instanceof ServerKitError) {
        const who: Actor = { kind: 'anonymous', address: visitor.address };
        this.#needs.audit.refused({ actor: who, action: 'setup.complete', code: error.code });
      }
      throw error;
    }
    const passwordHash = await this.#passwords.hash(input.password);
    settle();
    return this.#needs.db.prisma.$transaction(async (tx) => {
      const email = normalizeEmail(input.email);
      const user = await this.setup.createFirstAdmin(tx, { email, name: input.name, passwordHash });
      const session = await this.sessions.create(tx, user.id, visitor);
      await this.#needs.audit.record(tx, {
        actor: actor(user, visitor),
        action: 'setup.complete',
        target: { kind: 'user', id: user.id, name: user.email },
      });
      const principal = principalOf(this.#needs.access, { ...user, grants: null }, session.id);
      return { principal, secrets: session.secrets };
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
   * Ends a session of one's own; its sockets close at once.
   * @throws ServerKitError NOT_FOUND
   */
  async revokeSession(principal: UserPrincipal, sessionId: string, address: string): Promise<void> {
    const { id: userId, email } = principal.user;
    await this.#needs.db.prisma.$transaction(async (tx) => {
      if (!(await this.sessions.revoke(tx, userId, sessionId))) throw notFound('open session', sessionId);
      await this.#needs.audit.record(tx, {
        actor: { kind: 'user', id: userId, label: email, address },
        action: sessionId === principal.sessionId ? 'session.signOut' : 'session.revoke',
        target: { kind: 'session', id: sessionId },
      });
    });
    this.#needs.topics.publish(principalChanged, { userId, sessionId });
  }

  /**
   * Counts a try before it is made.
   * @returns to be called when it turned out well
   */
  #throttle(account: string, { address }: Visitor): () => void {
    const place = addressKey(address);
    const pair = `${account}\n${place}`;
    try {
      this.#byAddress.attempt(place);
      this.#byAccount.attempt(pair);
    } catch (error) {
      const who: Actor = { kind: 'anonymous', address };
      this.#needs.audit.refused({ actor: who, action: 'session.signIn', code: 'RATE_LIMITED' });
      throw error;
    }
    return () => {
      this.#byAddress.refund(place);
      this.#byAccount.forgive(pair);
    };
  }
}

/** Addresses are compared without case, as people type them either way. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

function actor(user: { id: string; email: string }, { address }: Visitor): Actor {
  return { kind: 'user', id: user.id, label: user.email, address };
}
