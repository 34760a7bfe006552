import { createHash } from 'node:crypto';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { noScopes, overlap, textOf, type ScopeSet } from './scope-set.ts';

/**
 * What somebody may do, and where. A value of one moment: it does not change while it is used, so that one answer is
 * made under one set of rights. {@link Rights.now} tells what became of them.
 */
export interface Rights {
  /**
   * Held on every server, on those that are yet to be added too, and for what belongs to no server (users, settings).
   * Empty for whoever is limited to some servers.
   */
  readonly everywhere: ScopeSet;
  /** Held on some server at least, or on one that may come to a group. */
  readonly anywhere: ScopeSet;
  /** Held on this server. Empty for one that may not be seen, and for one that does not exist. */
  on(serverId: string): ScopeSet;
  /** The servers on which a scope is held; null when that is every one. */
  serversWith(scope: Scope): ReadonlySet<string> | null;
  /** The part of it that these scopes are about. */
  only(scopes: ScopeSet): Rights;
  /** Equal for those who may do the same: what is executed for one may be shown to the other. */
  readonly key: string;
  /** What the same grants allow with servers and groups where they are now. Compare the keys. */
  now(): Rights;
}

/** For those who are not limited to some servers. */
class Unlimited implements Rights {
  readonly everywhere: ScopeSet;
  #key: string | undefined;

  constructor(scopes: ScopeSet) {
    this.everywhere = scopes;
  }

  get anywhere(): ScopeSet {
    return this.everywhere;
  }

  get key(): string {
    return (this.#key ??= `*${textOf(this.everywhere)}`);
  }

  on(): ScopeSet {
    return this.everywhere;
  }

  serversWith(scope: Scope): ReadonlySet<string> | null {
    return this.everywhere.has(scope) ? null : noServers;
  }

  only(scopes: ScopeSet): Rights {
    const scoped = overlap(this.everywhere, scopes);
    return scoped === this.everywhere ? this : unlimited(scoped);
  }

  now(): Rights {
    return this;
  }
}

/** For those who hold something on some servers only. */
class Limited implements Rights {
  readonly everywhere = noScopes;
  readonly anywhere: ScopeSet;
  readonly #servers: ReadonlyMap<string, ScopeSet>;
  readonly #now: () => Rights;
  #key: string | undefined;

  constructor({ anywhere, servers, now }: Limits) {
    this.anywhere = anywhere;
    this.#servers = servers;
    this.#now = now;
  }

  get key(): string {
    if (this.#key === undefined) {
      const hash = createHash('sha256').update(textOf(this.anywhere));
      const lines = [...this.#servers].map(([serverId, scopes]) => `\n${serverId} ${textOf(scopes)}`);
      for (const line of lines.toSorted()) hash.update(line);
      this.#key = hash.digest('base64url');
    }
    return this.#key;
  }

  on(serverId: string): ScopeSet {
    return this.#servers.get(serverId) ?? noScopes;
  }

  serversWith(scope: Scope): ReadonlySet<string> {
    const found = new Set<string>();
    for (const [serverId, scopes] of this.#servers) if (scopes.has(scope)) found.add(serverId);
    return found;
  }

  only(scopes: ScopeSet): Rights {
    const servers = new Map<string, ScopeSet>();
    for (const [serverId, held] of this.#servers) {
      const scoped = overlap(held, scopes);
      if (scoped.size > 0) servers.set(serverId, scoped);
    }
    const now = () => this.#now().only(scopes);
    return new Limited({ anywhere: overlap(this.anywhere, scopes), servers, now });
  }

  now(): Rights {
    return this.#now();
  }
}

/** What two allow, one of whom at least is limited; worked out server by server when asked. */
class Overlap implements Rights {
  readonly everywhere: ScopeSet;
  readonly anywhere: ScopeSet;
  readonly #a: Rights;
  readonly #b: Rights;

  constructor(a: Rights, b: Rights) {
    this.#a = a;
    this.#b = b;
    this.everywhere = overlap(a.everywhere, b.everywhere);
    this.anywhere = overlap(a.anywhere, b.anywhere);
  }

  get key(): string {
    return `${this.#a.key}&${this.#b.key}`;
  }

  on(serverId: string): ScopeSet {
    return overlap(this.#a.on(serverId), this.#b.on(serverId));
  }

  serversWith(scope: Scope): ReadonlySet<string> | null {
    const [a, b] = [this.#a.serversWith(scope), this.#b.serversWith(scope)];
    if (a === null || b === null) return a ?? b;
    return new Set([...a].filter((serverId) => b.has(serverId)));
  }

  only(scopes: ScopeSet): Rights {
    return intersection(this.#a.only(scopes), this.#b.only(scopes));
  }

  now(): Rights {
    const [a, b] = [this.#a.now(), this.#b.now()];
    return a === this.#a && b === this.#b ? this : intersection(a, b);
  }
}

const noServers: ReadonlySet<string> = new Set();
const made = new WeakMap<ScopeSet, Rights>();

/** The scopes everywhere. The same object for the same set. */
export function unlimited(scopes: ScopeSet): Rights {
  let rights = made.get(scopes);
  if (!rights) made.set(scopes, (rights = new Unlimited(scopes)));
  return rights;
}

export interface Limits {
  /** What is granted at all, also where no server is yet. */
  readonly anywhere: ScopeSet;
  readonly servers: ReadonlyMap<string, ScopeSet>;
  /** Works it out again. */
  readonly now: () => Rights;
}

/** Scopes on some servers; scopes that are for the whole fleet must not be among them. */
export function limited(limits: Limits): Rights {
  return new Limited(limits);
}

/** What both allow: a token and its owner. */
export function intersection(a: Rights, b: Rights): Rights {
  return a instanceof Unlimited && b instanceof Unlimited
    ? unlimited(overlap(a.everywhere, b.everywhere))
    : new Overlap(a, b);
}

export const noRights = unlimited(noScopes);
