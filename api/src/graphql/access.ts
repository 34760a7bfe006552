import { isScope, isServerScope, type Scope, type ServerScope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import type { Principal, RequestContext } from '../context.ts';

/**
 * Who may use a field or an object type. Nothing is reachable without one:
 *
 * - a scope: those who hold it; one that is held on servers ({@link ServerScope}) also says on which, see {@link On}
 * - `signedIn`: everyone who is signed in (a resolver may narrow it to what is one's own)
 * - `session`: a person at a browser, for what is personal: sessions, password, second factor
 * - `public`: everyone, without credentials
 *
 * A root field always names one of these. An object type may also say `inherited`: it guards nothing of its own, and
 * is as reachable as the fields that return it.
 */
export type FieldAccess = Scope | 'signedIn' | 'session' | 'public';
export type TypeAccess = FieldAccess | 'inherited';

/**
 * On whichever servers: holding it on one is enough to ask, and the field itself answers with no more than is seen.
 * Symbols, so that nothing a client sends as the id of a server can be mistaken for them.
 */
export const each: unique symbol = Symbol('each');
export type Each = typeof each;
/** On every server, those to come too: for what is about the fleet as a whole. */
export const everywhere: unique symbol = Symbol('everywhere');
export type Everywhere = typeof everywhere;

/**
 * Where a scope must be held: on this server; on one of these, the rest being filtered out; on some; on all. Nothing is
 * taken for all.
 */
export type Where = string | readonly string[] | Each | Everywhere | null | undefined;

/** Says where. Sees the arguments as GraphQL has read them, before they are validated any further. */
export type On<Parent, Args> = Each | Everywhere | ((parent: Parent, args: Args) => Where);

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

/** Someone's rights as they were and as they are, while a subscription is open. */
export interface RightsChange {
  readonly before: Rights;
  readonly now: Rights;
}

export type Events = readonly unknown[] | Promise<readonly unknown[]>;

export interface FieldMarks extends SubscriptionMarks {
  readonly access?: FieldAccess;
  readonly on?: On<never, never>;
  /**
   * A sensitive change: a session must have proven its password lately (FRESH_SIGN_IN_REQUIRED). A function tells by the
   * arguments.
   */
  readonly fresh?: boolean | ((args: Record<string, unknown>) => boolean);
  /** Depends on who is looking, or is a secret: a document that selects it is never shared. */
  readonly perViewer?: boolean;
  /** The events a subscriber begins with. */
  readonly snapshot?: (args: Record<string, unknown>, context: RequestContext) => Events;
  /** What a subscriber is told whose rights changed and who may go on. */
  readonly onRights?: (
    change: RightsChange,
    args: Record<string, unknown>,
    context: RequestContext,
  ) => Events;
}

export interface TypeMarks {
  readonly access: TypeAccess;
  readonly on?: On<never, never>;
  readonly perViewer?: boolean;
  /** The servers it names are those the asker named: it may do so whether they are seen or not. */
  readonly echoes?: boolean;
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

/** Whether an access has to say where. */
export function isServerBound(access: TypeAccess | undefined): access is ServerScope {
  return access !== undefined && isServerScope(access);
}

/** Something that has to be held, and where. */
export interface Need {
  readonly access: FieldAccess;
  /** @default everywhere */
  readonly where?: Where;
}

/** The marks that a check is made of. */
export interface Guard {
  readonly access: FieldAccess;
  readonly on?: On<never, never> | undefined;
}

/** What a field or a type with these marks needs for this parent and these arguments. */
export function needOf({ access, on }: Guard, parent: unknown, args: unknown): Need {
  if (typeof on !== 'function') return { access, where: on };
  // The parameters are those the field was declared with.
  const where: unknown = Reflect.apply(on, undefined, [parent, args]);
  return { access, where: isWhere(where) ? where : everywhere };
}

function isWhere(value: unknown): value is Where {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return typeof value === 'string' || value === each;
}

/**
 * - `granted`: go on
 * - `denied`: it exists, or that cannot be told from the answer, and is not allowed
 * - `unseen`: it is on a server that does not exist for this one
 */
export type Verdict = 'granted' | 'denied' | 'unseen';

export function judge({ kind, rights }: Principal, { access, where }: Need): Verdict {
  if (access === 'public') return 'granted';
  if (access === 'session') return kind === 'user' ? 'granted' : 'denied';
  if (access === 'signedIn') return kind === 'anonymous' ? 'denied' : 'granted';
  if (rights.everywhere.has(access)) return 'granted';
  // Who does not hold it anywhere is told so, whatever server is named.
  if (!isServerScope(access) || !rights.anywhere.has(access)) return 'denied';
  if (where === each) return 'granted';
  if (typeof where === 'string') {
    const held = rights.on(where);
    if (held.has(access)) return 'granted';
    return held.has('servers:read') ? 'denied' : 'unseen';
  }
  if (typeof where !== 'object' || where === null) return 'denied';
  return where.some((serverId) => rights.on(serverId).has(access)) ? 'granted' : 'unseen';
}

/** Whether a principal has what is needed. */
export function holds(principal: Principal, need: Need): boolean {
  return judge(principal, need) === 'granted';
}

/** The scope that an access asks for, if it is one. */
export function scopeOf(access: TypeAccess | undefined): Scope | undefined {
  return access !== undefined && isScope(access) ? access : undefined;
}
