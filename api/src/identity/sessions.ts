import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import { standingColumns, type Access } from '../access/service.ts';
import type { Database } from '../database/database.ts';
import type { UserPrincipal } from '../context.ts';
import { newId } from '../ids.ts';
import { principalOf, type Person } from './principal.ts';
import {
  digest,
  looksLikeSecret,
  newSessionSecrets,
  sameDigest,
  type SessionSecrets,
} from './session-secrets.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** A session ends when unused for this long, in milliseconds … */
export const idleMs = 7 * day;
/** … and in any case this long after signing in. */
export const absoluteMs = 30 * day;
/** How exactly the last use is kept; each write costs one. */
const touchMs = minute;

export interface Visitor {
  readonly address: string;
  readonly userAgent: string;
}

/** What a browser shows for itself; either half may be absent. */
export interface SessionClaim {
  readonly cookie: string | undefined;
  readonly proof: string | undefined;
}

export interface NewSession {
  readonly id: string;
  readonly freshAt: Date;
  readonly secrets: SessionSecrets;
}

type Transaction = Pick<Prisma.TransactionClient, 'session'>;

/** A row of {@link selection}. */
interface SessionRow extends Omit<Person, 'id'> {
  readonly id: string;
  readonly userId: string;
  readonly proofHash: Uint8Array;
  readonly revokedAt: Date | null;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date;
  readonly freshAt: Date;
  readonly disabledAt: Date | null;
}

/** Every request comes by here, so it is one prepared statement where Prisma would send two. */
const selection = `SELECT s."id", s."proofHash", s."revokedAt", s."expiresAt", s."lastUsedAt", s."freshAt",
    u."id" AS "userId", u."email", u."name", u."disabledAt", ${standingColumns}
  FROM "Session" s JOIN "User" u ON u."id" = s."userId"`;

/** Browser sessions: two random halves, of which the database holds only the SHA-256. */
export class Sessions {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #access: Access;

  constructor(db: Database, log: Logger, access: Access) {
    this.#db = db;
    this.#log = log;
    this.#access = access;
  }

  async create(tx: Transaction, userId: string, visitor: Visitor): Promise<NewSession> {
    const secrets = newSessionSecrets();
    const id = newId('session');
    const freshAt = new Date();
    await tx.session.create({
      data: {
        id,
        userId,
        cookieHash: digest(secrets.cookie),
        proofHash: digest(secrets.proof),
        address: visitor.address,
        userAgent: visitor.userAgent.slice(0, 300),
        freshAt,
        expiresAt: new Date(Date.now() + absoluteMs),
      },
    });
    return { id, freshAt, secrets };
  }

  /** Who the two halves belong to; undefined when either is missing, wrong, ended or of a disabled account. */
  async authenticate({ cookie, proof }: SessionClaim): Promise<UserPrincipal | undefined> {
    if (!looksLikeSecret(cookie) || !looksLikeSecret(proof)) return undefined;
    const session = await this.#find(digest(cookie));
    if (!session || !sameDigest(session.proofHash, digest(proof)) || !alive(session)) return undefined;
    if (Date.now() - session.lastUsedAt.getTime() > touchMs) this.#touch([session.id]);
    return this.#principalOf(session);
  }

  /** Whether this half belongs to a session that is open. It says nothing of the other, and so gives nobody a right. */
  async isOpen(cookie: string | undefined): Promise<boolean> {
    if (!looksLikeSecret(cookie)) return false;
    const session = await this.#find(digest(cookie));
    return session !== undefined && alive(session);
  }

  async #find(cookieHash: Uint8Array): Promise<SessionRow | undefined> {
    const { rows } = await this.#db.pool.query<SessionRow>({
      name: 'session.find',
      text: `${selection} WHERE s."cookieHash" = $1`,
      values: [Buffer.from(cookieHash)],
    });
    return rows[0];
  }

  #principalOf({ id, userId, freshAt, ...person }: SessionRow): UserPrincipal {
    return principalOf(this.#access, { ...person, id: userId }, { id, freshAt });
  }

  /**
   * The same people as they stand now, by session; those that ended are missing.
   *
   * @param how - isUse: whether the session counts as used by it, and so lives longer @default true
   */
  async renew(
    ids: readonly string[],
    { isUse = true }: { readonly isUse?: boolean } = {},
  ): Promise<Map<string, UserPrincipal>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.#db.pool.query<SessionRow>({
      name: 'session.renew',
      text: `${selection} WHERE s."id" = ANY($1)`,
      values: [ids],
    });
    const living = rows.filter(alive);
    const untouched = living.filter(({ lastUsedAt }) => Date.now() - lastUsedAt.getTime() > touchMs);
    if (isUse) this.#touch(untouched.map((session) => session.id));
    return new Map(living.map((session) => [session.id, this.#principalOf(session)]));
  }

  /** Open sessions of a person, the last used first. */
  async list(userId: string) {
    const now = Date.now();
    return this.#db.prisma.session.findMany({
      where: {
        userId,
        revokedAt: null,
        expiresAt: { gt: new Date(now) },
        lastUsedAt: { gt: new Date(now - idleMs) },
      },
      orderBy: { lastUsedAt: 'desc' },
    });
  }

  /** @returns whether there was an open session of this person to end */
  async revoke(tx: Transaction, userId: string, sessionId: string): Promise<boolean> {
    const { count } = await tx.session.updateMany({
      where: { id: sessionId, userId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    return count > 0;
  }

  /**
   * Ends every open session of a person.
   * @param except - this one goes on
   */
  async revokeAll(tx: Transaction, userId: string, except?: string): Promise<void> {
    await tx.session.updateMany({
      where: { userId, revokedAt: null, ...(except !== undefined && { id: { not: except } }) },
      data: { revokedAt: new Date() },
    });
  }

  /** The password was proven again. */
  async refresh(tx: Transaction, sessionId: string): Promise<Date> {
    const freshAt = new Date();
    await tx.session.update({ where: { id: sessionId }, data: { freshAt }, select: { id: true } });
    return freshAt;
  }

  /** Takes away those that ended before then. @returns how many */
  async sweep(before: Date): Promise<number> {
    const { count } = await this.#db.prisma.session.deleteMany({
      where: { OR: [{ expiresAt: { lt: before } }, { revokedAt: { lt: before } }] },
    });
    return count;
  }

  #touch(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#db.prisma.session
      .updateMany({ where: { id: { in: [...ids] } }, data: { lastUsedAt: new Date() } })
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, 'The last use of a session could not be kept'),
      );
  }
}

function alive({ revokedAt, disabledAt, expiresAt, lastUsedAt }: SessionRow): boolean {
  const now = Date.now();
  return (
    revokedAt === null &&
    disabledAt === null &&
    expiresAt.getTime() > now &&
    lastUsedAt.getTime() + idleMs > now
  );
}
