import * as z from 'zod';
import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Access } from '../access/service.ts';
import { userActor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { UserPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import { ServerKitError, unauthenticated } from '../errors.ts';
import type { Topics } from '../live/topics.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Attempts } from './attempts.ts';
import { normalizeEmail } from './email.ts';
import { principalChanged } from './events.ts';
import type { Passwords } from './passwords.ts';
import { principalOf, withGrants } from './principal.ts';
import { codeInvalid, type SecondFactors } from './second-factors.ts';
import { digest, type SessionSecrets } from './session-secrets.ts';
import type { Sessions, Visitor } from './sessions.ts';

/** How long the second step of signing in may take, in milliseconds. */
export const challengeLifetimeMs = 5 * 60_000;

const challengeContext = 'sign-in challenge';

/** What a challenge says, sealed, so that nothing about a half-done sign-in is kept. */
const challengeShape = z.object({
  userId: z.string(),
  /** Milliseconds since the epoch. */
  until: z.number(),
  /** Of the password that was proven: a challenge does not outlive it. */
  password: z.string(),
});

export interface SignedIn {
  readonly kind: 'signedIn';
  readonly principal: UserPrincipal;
  readonly secrets: SessionSecrets;
}

/** The password was right, and the account has a second factor. */
export interface HalfSignedIn {
  readonly kind: 'secondFactor';
  readonly challenge: string;
  readonly expiresAt: Date;
}

interface Needs {
  readonly access: Access;
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
  readonly vault: Vault;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly secondFactors: SecondFactors;
  readonly attempts: Attempts;
  readonly now: () => number;
}

/** A person whose password can be checked. */
type Account = Prisma.UserGetPayload<{ include: typeof withGrants }>;
type Usable = Account & { readonly passwordHash: string };

/** Signing in, in one step or two, and proving oneself again. */
export class SignIn {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Takes the same steps for an account that does not exist as for a wrong password.
   * @throws ServerKitError CREDENTIALS_INVALID or RATE_LIMITED
   */
  async start(
    input: { email: string; password: string },
    visitor: Visitor,
  ): Promise<SignedIn | HalfSignedIn> {
    const { db, audit, attempts, passwords, secondFactors, now } = this.#needs;
    const email = normalizeEmail(input.email);
    const settle = attempts.begin({ account: email, action: 'session.signIn', visitor });
    const found = await db.prisma.user.findUnique({ where: { email }, include: withGrants });
    const user = usable(found);
    if (!(await passwords.verify(user?.passwordHash, input.password)) || !user) {
      audit.refused({
        actor: { kind: 'anonymous', address: visitor.address },
        action: 'session.signIn',
        code: 'CREDENTIALS_INVALID',
        ...(found && { target: { kind: 'user', id: found.id, name: found.email } }),
      });
      throw credentialsInvalid();
    }
    settle();
    const passwordHash = await this.#upgraded(user, input.password);
    if (await secondFactors.enabled(user.id)) {
      const until = now() + challengeLifetimeMs;
      const challenge = this.#seal({ userId: user.id, until, password: markOf(passwordHash) });
      return { kind: 'secondFactor', challenge, expiresAt: new Date(until) };
    }
    return this.#open({ ...user, passwordHash }, visitor);
  }

  /**
   * The second step: a code of the app, or a recovery code.
   * @throws ServerKitError SECOND_FACTOR_INVALID, RATE_LIMITED, or UNAUTHENTICATED when the first step has to be repeated
   */
  async complete(input: { challenge: string; code: string }, visitor: Visitor): Promise<SignedIn> {
    const { now } = this.#needs;
    const claim = this.#unseal(input.challenge);
    const user = usable(claim && (await this.#account(claim.userId)));
    if (!claim || !user || claim.until < now() || claim.password !== markOf(user.passwordHash)) {
      throw new ServerKitError(
        'UNAUTHENTICATED',
        'Signing in took too long, or was begun elsewhere. Enter your password again.',
      );
    }
    const secondFactor = await this.#spend(user, input.code, 'session.signIn', visitor);
    return this.#open(user, visitor, { secondFactor });
  }

  /**
   * Proves again who is there, which opens sensitive changes for a while.
   * @throws ServerKitError CREDENTIALS_INVALID, SECOND_FACTOR_REQUIRED, SECOND_FACTOR_INVALID, RATE_LIMITED
   */
  async confirm(
    principal: UserPrincipal,
    input: { password: string; code?: string | null | undefined },
    visitor: Visitor,
  ): Promise<UserPrincipal> {
    const { db, audit, sessions, secondFactors, topics } = this.#needs;
    const action = 'session.confirm';
    const user = await this.checkPassword(principal, input.password, action, visitor);
    if (await secondFactors.enabled(user.id)) {
      if (!input.code) {
        throw new ServerKitError('SECOND_FACTOR_REQUIRED', 'Send a code of your authenticator app along.');
      }
      await this.#spend(user, input.code, action, visitor);
    }
    const { sessionId } = principal;
    const freshAt = await db.prisma.$transaction(async (tx) => {
      const at = await sessions.refresh(tx, sessionId);
      await audit.record(tx, {
        actor: userActor(user, visitor.address),
        action,
        target: { kind: 'session', id: sessionId },
      });
      return at;
    });
    topics.publish(principalChanged, { userId: user.id, credentialId: sessionId });
    return { ...principal, freshAt };
  }

  /** @throws ServerKitError CREDENTIALS_INVALID, RATE_LIMITED, or UNAUTHENTICATED when the account went meanwhile */
  async checkPassword(
    principal: UserPrincipal,
    password: string,
    action: string,
    visitor: Visitor,
  ): Promise<Usable> {
    const { audit, attempts, passwords } = this.#needs;
    const settle = attempts.begin({ account: principal.user.email, action, visitor });
    const user = usable(await this.#account(principal.user.id));
    if (!user) throw unauthenticated();
    if (!(await passwords.verify(user.passwordHash, password))) {
      audit.refused({ actor: userActor(user, visitor.address), action, code: 'CREDENTIALS_INVALID' });
      throw new ServerKitError('CREDENTIALS_INVALID', 'The password is not right.');
    }
    settle();
    return user;
  }

  async #spend(user: Usable, code: string, action: string, visitor: Visitor) {
    const { audit, attempts, secondFactors } = this.#needs;
    const settle = attempts.beginCode({ account: user.id, action, visitor });
    const kind = await secondFactors.use(user.id, code);
    if (kind === undefined) {
      audit.refused({
        actor: { kind: 'anonymous', address: visitor.address },
        action,
        code: 'SECOND_FACTOR_INVALID',
        target: { kind: 'user', id: user.id, name: user.email },
      });
      throw codeInvalid();
    }
    settle();
    return kind;
  }

  async #open(user: Usable, visitor: Visitor, parameters?: { secondFactor: string }): Promise<SignedIn> {
    const { db, access, audit, sessions } = this.#needs;
    const { id, passwordHash } = user;
    return db.prisma.$transaction(async (tx) => {
      // Holds the account still: whoever disables it or changes its password ends this session too, or came before it.
      const { count } = await tx.user.updateMany({
        where: { id, passwordHash, disabledAt: null },
        data: { lastSignInAt: new Date() },
      });
      if (count === 0) throw credentialsInvalid();
      const session = await sessions.create(tx, user.id, visitor);
      await audit.record(tx, {
        actor: userActor(user, visitor.address),
        action: 'session.signIn',
        target: { kind: 'session', id: session.id },
        ...(parameters && { parameters }),
      });
      return { kind: 'signedIn', principal: principalOf(access, user, session), secrets: session.secrets };
    });
  }

  #account(id: string): Promise<Account | null> {
    return this.#needs.db.prisma.user.findUnique({ where: { id }, include: withGrants });
  }

  /** Hashes the password anew when the parameters were raised since. */
  async #upgraded({ id, passwordHash }: Usable, password: string): Promise<string> {
    const { db, passwords } = this.#needs;
    if (!passwords.outdated(passwordHash)) return passwordHash;
    const upgraded = await passwords.hash(password);
    const where: Prisma.UserWhereInput = { id, passwordHash };
    // Not when it was changed meanwhile.
    await db.prisma.user.updateMany({ where, data: { passwordHash: upgraded } });
    return upgraded;
  }

  #seal(claim: z.infer<typeof challengeShape>): string {
    return this.#needs.vault.seal(Buffer.from(JSON.stringify(claim)), challengeContext).toString('base64url');
  }

  #unseal(challenge: string): z.infer<typeof challengeShape> | undefined {
    try {
      const plain = this.#needs.vault.open(Buffer.from(challenge, 'base64url'), challengeContext);
      return challengeShape.parse(JSON.parse(plain.toString()));
    } catch {
      return undefined;
    }
  }
}

function credentialsInvalid(): ServerKitError {
  return new ServerKitError('CREDENTIALS_INVALID', 'The e-mail address or the password is not right.');
}

function usable(user: Account | null | undefined): Usable | undefined {
  return user?.disabledAt === null && user.passwordHash !== null
    ? { ...user, passwordHash: user.passwordHash }
    : undefined;
}

/** Tells one password from the next without telling anything of it. */
function markOf(passwordHash: string): string {
  return Buffer.from(digest(`sign-in:${passwordHash}`)).toString('base64url');
}
