import { isScope, type Scope } from '@serverkit/wire/scopes.ts';
import type { Principal, RequestContext } from '../context.ts';

/**
 * Who may use a field or an object type. Nothing is reachable without one:
 *
 * - a scope: those who hold it
 * - `signedIn`: everyone who is signed in (a resolver may narrow it to what is one's own)
 * - `session`: a person at a browser, for what is personal: sessions, password, second factor
 * - `public`: everyone, without credentials
 *
 * A root field always names one of these. An object type may also say `inherited`: it guards nothing of its own, and
 * is as reachable as the fields that return it.
 */
export type FieldAccess = Scope | 'signedIn' | 'session' | 'public';
export type TypeAccess = FieldAccess | 'inherited';

/** What a subscription's root field tells the fan-out. */
export interface SubscriptionMarks {
  /**
   * `shared`: executed once for all who ask the same with the same rights. `private`: executed for each viewer, as
   * bulk streams must be, whose pace is the reader's.
   * @default 'shared'
   */
  readonly delivery?: 'shared' | 'private';
  /**
   * What a reader who falls behind loses: `skip` leaves out events and goes on with a fresh snapshot (or the next event
   * when there is none); `end` ends the subscription with SLOW_CONSUMER. Only for shared delivery; a private source
   * waits for its reader.
   * @default 'skip' with a snapshot, else 'end'
   */
  readonly overflow?: 'skip' | 'end';
}

export interface FieldMarks extends SubscriptionMarks {
  readonly access?: FieldAccess;
  /**
   * A sensitive change: a session must have proven its password lately (FRESH_SIGN_IN_REQUIRED). A function tells by the
   * arguments.
   */
  readonly fresh?: boolean | ((args: Record<string, unknown>) => boolean);
  /** Depends on who is looking, or is a secret: a document that selects it is never shared. */
  readonly perViewer?: boolean;
  /** The events a subscriber begins with. */
  readonly snapshot?: (
    args: Record<string, unknown>,
    context: RequestContext,
  ) => readonly unknown[] | Promise<readonly unknown[]>;
}

export interface TypeMarks {
  readonly access: TypeAccess;
  readonly perViewer?: boolean;
}

declare module 'graphql' {
  // oxlint-disable-next-line no-explicit-any -- the parameters must repeat those of the original
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs = any> {
    serverkit?: FieldMarks;
  }
  // oxlint-disable-next-line no-explicit-any -- the parameters must repeat those of the original
  interface GraphQLObjectTypeExtensions<_TSource = any, _TContext = any> {
    serverkit?: TypeMarks;
  }
  interface GraphQLInterfaceTypeExtensions {
    serverkit?: TypeMarks;
  }
}

/** Whether a principal has an access. */
export function holds({ kind, rights }: Principal, access: FieldAccess): boolean {
  if (access === 'public') return true;
  if (access === 'session') return kind === 'user';
  return access === 'signedIn' ? kind !== 'anonymous' : rights.everywhere.has(access);
}

/** How scope-auth is told: the loaders in builder.ts answer these. */
export interface AuthScopes {
  scope: Scope;
  session: boolean;
  signedIn: boolean;
}

/** What scope-auth has to check for an access; undefined = nothing. */
export function authScopesOf(access: TypeAccess): Partial<AuthScopes> | undefined {
  if (isScope(access)) return { scope: access };
  if (access === 'session') return { session: true };
  return access === 'signedIn' ? { signedIn: true } : undefined;
}
