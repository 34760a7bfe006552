import type { Role } from '@serverkit/wire/scopes.ts';
import type { Logger } from 'pino';
import { noRights, type Rights } from './access/rights.ts';
import type { Database } from './database/database.ts';
import { sessionNeeded, unauthenticated } from './errors.ts';
import type { Services } from './services.ts';

/** A person, as far as authorization and the audit need to know. */
export interface SignedInUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

/**
 * On whose behalf a field runs.
 *
 * `class` is the audience of a shared subscription: everyone who may do the same. It has rights and no name, so
 * whatever depends on who is looking must be marked `perViewer` and is then never shared.
 */
export type Principal =
  | { readonly kind: 'anonymous'; readonly rights: Rights }
  | { readonly kind: 'class'; readonly rights: Rights }
  | {
      readonly kind: 'user';
      readonly user: SignedInUser;
      readonly sessionId: string;
      /** When the password was last proven in this session. */
      readonly freshAt: Date;
      readonly rights: Rights;
    }
  | {
      readonly kind: 'token';
      /** Its owner, on whose behalf it acts. */
      readonly user: SignedInUser;
      readonly token: { readonly id: string; readonly name: string; readonly expiresAt: Date | null };
      readonly rights: Rights;
    };

/** A person at a browser. */
export type UserPrincipal = Extract<Principal, { kind: 'user' }>;
/** A program with an API token. */
export type TokenPrincipal = Extract<Principal, { kind: 'token' }>;
/** Someone who can be named: a person, or a program on behalf of one. */
export type PersonPrincipal = UserPrincipal | TokenPrincipal;

export function isPerson(principal: Principal): principal is PersonPrincipal {
  return principal.kind === 'user' || principal.kind === 'token';
}

/** What a person or program signed in with: the id of the session or of the token. */
export function credentialOf(principal: PersonPrincipal): string {
  return principal.kind === 'user' ? principal.sessionId : principal.token.id;
}

/** Whose share of what is limited it takes: a program that runs wild does not take its owner's. */
export function holderOf(principal: PersonPrincipal): string {
  return principal.kind === 'token' ? principal.token.id : principal.user.id;
}

export const anonymous: Principal = { kind: 'anonymous', rights: noRights };

/** For how long a proven password opens sensitive changes, in milliseconds. */
export const freshForMs = 15 * 60_000;

/**
 * Whether sensitive changes are open: a session has proven its password lately. Nobody is there to ask for a token, which
 * holds the scope because a fresh session gave it.
 */
export function isFresh(principal: Principal): boolean {
  if (principal.kind === 'token') return true;
  return principal.kind === 'user' && principal.freshAt.getTime() + freshForMs > Date.now();
}

/** The viewer's end of the socket an operation came by, for bulk streams that must not outrun their reader. */
export interface ViewerSocket {
  /** Bytes handed to the socket and not yet taken by the kernel. */
  readonly bufferedAmount: number;
  /** Resolves when all of it was taken, or the socket closed. @throws the signal's reason */
  drained(signal?: AbortSignal): Promise<void>;
}

/** Answers `Set-Cookie` of an HTTP operation; absent on WebSockets, which cannot set any. */
export interface CookieJar {
  set(cookie: string): void;
}

/** What every resolver gets. A new one for each operation, and for each event of a subscription. */
export interface RequestContext {
  readonly principal: Principal;
  /** The client's IP address, as far as trusted proxies tell; empty for a shared subscription. */
  readonly address: string;
  readonly userAgent: string;
  /** How the browser reached us, for cookies. */
  readonly origin: { readonly secure: boolean; readonly host: string };
  readonly log: Logger;
  readonly db: Database;
  readonly services: Services;
  /** Aborted when the client goes away or completes the operation. A mutation looks just before its side effect. */
  readonly signal: AbortSignal;
  readonly socket?: ViewerSocket;
  readonly cookies?: CookieJar;
}

/** @throws ServerKitError unless a person at a browser asks */
export function requireUser({ principal }: Pick<RequestContext, 'principal'>): UserPrincipal {
  if (principal.kind === 'user') return principal;
  throw isPerson(principal) ? sessionNeeded() : unauthenticated();
}

/** @throws ServerKitError UNAUTHENTICATED unless a person asks, or a program on behalf of one */
export function requirePerson({ principal }: Pick<RequestContext, 'principal'>): PersonPrincipal {
  if (isPerson(principal)) return principal;
  throw unauthenticated();
}
