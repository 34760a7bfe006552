import { BlockList } from 'node:net';
import type { ApiToken, Prisma } from '@serverkit/prisma/generated/client/client.ts';
import { isScope, isScopePattern, isServerScope } from '@serverkit/wire/scopes.ts';
import { intersection } from '../access/rights.ts';
import { standingColumns, type Access, type Standing } from '../access/service.ts';
import { tokenScopes } from '../access/token-scopes.ts';
import { actorOf } from '../audit/actor.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import type { PersonPrincipal, RequestContext, TokenPrincipal, UserPrincipal } from '../context.ts';
import {
  inputInvalid,
  isServerKitError,
  notFound,
  permissionDenied,
  ServerKitError,
  unauthenticated,
} from '../errors.ts';
import { addNetwork, inNetworks } from '../http/trust-proxy.ts';
import { principalChanged } from '../identity/events.ts';
import { describe, type Identity } from '../identity/service.ts';
import type { Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import { isSecretOf, newSecret, parseToken } from './secrets.ts';

export interface TokenFields {
  readonly name: string;
  /** Patterns. */
  readonly scopes: readonly string[];
  readonly serverIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly expiresAt: Date | null;
  /** Networks in CIDR notation, or single addresses. */
  readonly addresses: readonly string[];
}

export interface NewToken {
  readonly token: ApiToken;
  /** Shown once. */
  readonly secret: string;
}

/** A token that is not accepted, and which one: only its own secret tells. */
export interface RefusedToken {
  readonly kind: 'refused';
  readonly target?: AuditTarget;
}

interface Needs extends Pick<Platform, 'db' | 'log'> {
  readonly access: Access;
  readonly audit: Audit;
  readonly topics: Topics;
  readonly identity: Identity;
}

/** How exactly the last use is kept, in milliseconds; each write costs one. */
const touchMs = 60_000;

/** A person's tokens that work, at most. */
const maxTokens = 200;

/** A row of {@link selection}. */
interface TokenRow extends Standing {
  readonly id: string;
  readonly tokenName: string;
  readonly secretHash: Uint8Array;
  readonly scopes: readonly string[];
  readonly serverIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly addresses: readonly string[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly disabledAt: Date | null;
}

/** Every request of a program comes by here, so it is one prepared statement. */
const selection = `SELECT t."id", t."name" AS "tokenName", t."secretHash", t."scopes", t."serverIds", t."groupIds",
    t."addresses", t."expiresAt", t."revokedAt", t."lastUsedAt",
    u."id" AS "userId", u."email", u."name", u."disabledAt", ${standingColumns}
  FROM "ApiToken" t JOIN "User" u ON u."id" = t."userId"`;

type By = Pick<RequestContext, 'principal' | 'address'>;

/** API tokens: what programs sign in with. */
export class Tokens {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Makes a token. What it may do is worked out again with every use: its scopes and places, within what its owner may.
   * @throws ServerKitError PERMISSION_DENIED for more than one holds, INPUT_INVALID, CONFLICT beyond {@link maxTokens},
   *   UNAUTHENTICATED when account or session ended meanwhile
   */
  async create(principal: UserPrincipal, fields: TokenFields, address: string): Promise<NewToken> {
    const { db, audit } = this.#needs;
    try {
      await this.#check(principal, fields);
    } catch (error) {
      const by = actorOf({ principal, address });
      if (isServerKitError(error, 'PERMISSION_DENIED'))
        audit.refused({
          actor: by,
          action: 'token.create',
          code: error.code,
          parameters: { scopes: fields.scopes },
        });
      throw error;
    }
    const { id, secret, hash } = newSecret();
    const { name, expiresAt } = fields;
    const lists = {
      scopes: unique(fields.scopes),
      serverIds: unique(fields.serverIds),
      groupIds: unique(fields.groupIds),
      addresses: unique(fields.addresses),
    };
    const userId = principal.user.id;
    const token = await db.prisma.$transaction(async (tx) => {
      await stillIn(tx, principal);
      const unexpired = { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] };
      if ((await tx.apiToken.count({ where: { userId, revokedAt: null, ...unexpired } })) >= maxTokens) {
        throw new ServerKitError('CONFLICT', `You have ${maxTokens} API tokens. Revoke some first.`);
      }
      const made = await tx.apiToken.create({
        data: { id, userId, name, secretHash: hash, expiresAt, ...lists },
      });
      await audit.record(tx, {
        actor: actorOf({ principal, address }),
        action: 'token.create',
        target: targetOf(made),
        parameters: { ...lists, expiresAt },
      });
      return made;
    });
    return { token, secret };
  }

  /** @throws ServerKitError NOT_FOUND */
  async rename(principal: UserPrincipal, id: string, name: string, address: string): Promise<ApiToken> {
    const { db, audit } = this.#needs;
    return db.prisma.$transaction(async (tx) => {
      const { count } = await tx.apiToken.updateMany({
        where: { id, userId: principal.user.id, revokedAt: null },
        data: { name },
      });
      if (count === 0) throw notFound('API token', id);
      const token = await tx.apiToken.findUniqueOrThrow({ where: { id } });
      await audit.record(tx, {
        actor: actorOf({ principal, address }),
        action: 'token.rename',
        target: targetOf(token),
      });
      return token;
    });
  }

  /**
   * Ends a token, and whatever it holds open, at once: one's own, one of a person whom one may manage, or the very one
   * that asks.
   * @throws ServerKitError NOT_FOUND, PERMISSION_DENIED
   */
  async revoke(id: string, by: By): Promise<ApiToken> {
    const { db, audit, identity, topics } = this.#needs;
    const { principal } = by;
    const token = await db.prisma.$transaction(async (tx) => {
      const found = await tx.apiToken.findUnique({ where: { id, revokedAt: null }, include: { user: true } });
      const own =
        principal.kind === 'token'
          ? principal.token.id === id
          : principal.kind === 'user' && principal.user.id === found?.userId;
      const manages = principal.rights.everywhere.has('users:write');
      if (!found || (!own && !manages)) throw notFound('API token', id);
      const deed = { action: 'token.revoke', target: targetOf(found) };
      if (!own) identity.people.requireRole(found.user.role, by, deed);
      const revoked = await tx.apiToken.update({ where: { id }, data: { revokedAt: new Date() } });
      await audit.record(tx, { actor: actorOf(by), ...deed });
      return revoked;
    });
    topics.publish(principalChanged, { userId: token.userId, credentialId: id });
    return token;
  }

  /** Who shows a token that works and may be used from there; else which it was, as far as that is certain. */
  async authenticate(bearer: string, address: string): Promise<TokenPrincipal | RefusedToken> {
    const claim = parseToken(bearer);
    const row = claim && (await this.#find(claim.id));
    if (!claim || !isSecretOf(row?.secretHash, claim.secret) || !row) return { kind: 'refused' };
    if (!works(row) || !mayComeFrom(row, address)) {
      return { kind: 'refused', target: targetOf({ id: row.id, name: row.tokenName }) };
    }
    this.#touch([row], address);
    return this.#principalOf(row);
  }

  /**
   * The same programs as they stand now, by token; those that ended are missing.
   *
   * @param how - isUse: whether the token counts as used by it @default true
   */
  async renew(
    ids: readonly string[],
    { isUse = true }: { readonly isUse?: boolean } = {},
  ): Promise<Map<string, TokenPrincipal>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.#needs.db.pool.query<TokenRow>({
      name: 'token.renew',
      text: `${selection} WHERE t."id" = ANY($1)`,
      values: [ids],
    });
    const living = rows.filter(works);
    if (isUse) this.#touch(living);
    return new Map(living.map((row) => [row.id, this.#principalOf(row)]));
  }

  /** Takes away those that were revoked or expired before then. @returns how many */
  async sweep(before: Date): Promise<number> {
    const { count } = await this.#needs.db.prisma.apiToken.deleteMany({
      where: { OR: [{ expiresAt: { lt: before } }, { revokedAt: { lt: before } }] },
    });
    return count;
  }

  async #find(id: string): Promise<TokenRow | undefined> {
    const { rows } = await this.#needs.db.pool.query<TokenRow>({
      name: 'token.find',
      text: `${selection} WHERE t."id" = $1`,
      values: [id],
    });
    return rows[0];
  }

  #principalOf(row: TokenRow): TokenPrincipal {
    const { access } = this.#needs;
    const own = access.rightsTo(tokenScopes(row.scopes), row);
    return {
      kind: 'token',
      user: describe({ ...row, id: row.userId }),
      token: { id: row.id, name: row.tokenName, expiresAt: row.expiresAt },
      rights: intersection(own, access.rightsOf(row)),
    };
  }

  async #check(principal: PersonPrincipal, fields: TokenFields): Promise<void> {
    const { scopes, serverIds, groupIds, expiresAt, addresses } = fields;
    const limited = serverIds.length > 0 || groupIds.length > 0;
    for (const pattern of scopes) {
      if (!isScopePattern(pattern)) throw inputInvalid('input.scopes', `There is no scope ${pattern}.`);
      // A pattern stands for whatever of it the owner holds at the moment; what is named has to be held.
      const stands = tokenScopes([pattern]).filter((scope) => principal.rights.anywhere.has(scope));
      if (stands.length === 0) {
        throw isScope(pattern)
          ? permissionDenied(pattern)
          : inputInvalid('input.scopes', `You hold nothing that ${pattern} stands for.`);
      }
      if (limited && isScope(pattern) && !isServerScope(pattern)) {
        throw inputInvalid(
          'input.scopes',
          `${pattern} is not held on servers, so a token for some servers cannot have it.`,
        );
      }
    }
    const networks = new BlockList();
    for (const entry of addresses) {
      if (!addNetwork(networks, entry)) {
        throw inputInvalid(
          'input.addresses',
          `${entry} is neither an address nor a network such as 10.0.0.0/8.`,
        );
      }
    }
    if (expiresAt && expiresAt.getTime() <= Date.now()) {
      throw inputInvalid('input.expiresAt', 'It has passed already.');
    }
    await this.#checkPlaces(principal, serverIds, groupIds);
  }

  async #checkPlaces(
    { rights }: PersonPrincipal,
    serverIds: readonly string[],
    groupIds: readonly string[],
  ): Promise<void> {
    const { prisma } = this.#needs.db;
    const ids = unique(serverIds);
    const servers = await prisma.server.findMany({ where: { id: { in: ids } }, select: { id: true } });
    const seen = new Set(servers.map(({ id }) => id).filter((id) => rights.on(id).has('servers:read')));
    const missing = ids.find((id) => !seen.has(id));
    if (missing !== undefined) throw notFound('server', missing);
    // Who is limited to some servers knows of the groups these are in.
    const { placement } = this.#needs.access;
    const seesAll = rights.everywhere.has('servers:read');
    const sees = (serverId: string) => rights.on(serverId).has('servers:read');
    const unknown = unique(groupIds).find(
      (id) => !placement.groups.has(id) || !(seesAll || [...placement.serversIn(new Set([id]))].some(sees)),
    );
    if (unknown !== undefined) throw notFound('group', unknown);
  }

  #touch(rows: readonly TokenRow[], address?: string): void {
    const now = Date.now();
    const ids = rows
      .filter(({ lastUsedAt }) => lastUsedAt === null || now - lastUsedAt.getTime() > touchMs)
      .map(({ id }) => id);
    if (ids.length === 0) return;
    const data = { lastUsedAt: new Date(now), ...(address !== undefined && { lastUsedAddress: address }) };
    this.#needs.db.prisma.apiToken
      .updateMany({ where: { id: { in: ids } }, data })
      .catch((error: unknown) =>
        this.#needs.log.warn({ err: error }, 'The last use of an API token could not be kept'),
      );
  }
}

/**
 * Holds account and session still: whoever ends either at this moment waits, and ends the new token too, or came first. A
 * token outlives the session that made it. Also, of two who make tokens at once, the second counts the first one's.
 * @throws ServerKitError UNAUTHENTICATED
 */
async function stillIn(tx: Prisma.TransactionClient, { user, sessionId }: UserPrincipal): Promise<void> {
  const held = await tx.$executeRaw`
    SELECT FROM "User" u JOIN "Session" s ON s."userId" = u."id"
    WHERE u."id" = ${user.id} AND u."disabledAt" IS NULL AND s."id" = ${sessionId} AND s."revokedAt" IS NULL
    FOR NO KEY UPDATE`;
  if (held === 0) throw unauthenticated();
}

function works({ revokedAt, expiresAt, disabledAt }: TokenRow): boolean {
  return (
    revokedAt === null && disabledAt === null && (expiresAt === null || expiresAt.getTime() > Date.now())
  );
}

function mayComeFrom({ addresses }: TokenRow, address: string): boolean {
  if (addresses.length === 0) return true;
  const networks = new BlockList();
  return addresses.every((entry) => addNetwork(networks, entry)) && inNetworks(networks, address);
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

function targetOf({ id, name }: Pick<ApiToken, 'id' | 'name'>): AuditTarget {
  return { kind: 'token', id, name };
}
