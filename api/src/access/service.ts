import { expand, isServerScope, roles, roleScopes, type Role, type Scope } from '@serverkit/wire/scopes.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { principalChanged } from '../identity/events.ts';
import type { Topics } from '../live/topics.ts';
import { placesChanged } from './events.ts';
import { Grants } from './grants.ts';
import { Placement } from './placement.ts';
import { limited, noRights, unlimited, type Rights } from './rights.ts';
import { joined, noScopes, overlap, textOf, type ScopeSet } from './scope-set.ts';

export { readPromised, type Promised } from './promised.ts';
export type { GrantFields } from './grants.ts';

/** Scopes on a server, or on every server of a group and the groups below it. */
export interface Granted {
  readonly serverId: string | null;
  readonly groupId: string | null;
  /** Patterns. */
  readonly scopes: readonly string[];
}

/** What the database says of a person's rights. */
export interface Standing {
  /** The ceiling. One we do not know, from a newer release say, allows nothing. */
  readonly role: string;
  /** `all`: what the role allows, everywhere. Anything else: on the servers of the grants only. */
  readonly access: string;
  /** Needed unless access is `all`. */
  readonly grants: readonly Granted[] | null;
}

/** {@link Standing} as columns of a statement in which `u` is the person. */
export const standingColumns = `u."role", u."access",
    CASE WHEN u."access" <> 'all' THEN (
      SELECT json_agg(json_build_object('serverId', g."serverId", 'groupId', g."groupId", 'scopes', g."scopes") ORDER BY g."id")
      FROM "AccessGrant" g WHERE g."userId" = u."id"
    ) END AS "grants"`;

/** Where something given to servers and groups holds; both empty = everywhere. */
export interface Places {
  readonly serverIds: readonly string[];
  readonly groupIds: readonly string[];
}

/** Different sets of grants that are kept worked out. */
const maxKept = 2_000;

/** One set for each role, so that whoever has the role shares it. */
const scopesOfRole = new Map<string, ScopeSet>(
  roles.map((role: Role) => [role, new Set(expand(roleScopes[role]))]),
);

interface Needs {
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
}

/** Who may do what where: turns roles, grants and the places of servers into rights. */
export class Access {
  readonly placement: Placement;
  readonly #kept = new Map<string, { readonly version: number; readonly rights: Rights }>();

  readonly grants: Grants;
  readonly #topics: Topics;

  constructor({ db, audit, topics }: Needs) {
    this.placement = new Placement(db);
    this.grants = new Grants({ db, audit, topics });
    this.#topics = topics;
  }

  /** To be called once servers or groups were moved, added or taken away: from then on it holds for everyone. */
  async placesChanged(): Promise<void> {
    await this.placement.refresh();
    this.#topics.publish(principalChanged, { places: true });
    this.#topics.publish(placesChanged, {});
  }

  /** What a person may do now. */
  rightsOf({ role, access, grants }: Standing): Rights {
    const ceiling = scopesOfRole.get(role);
    if (!ceiling) return noRights;
    if (access === 'all' || role === 'admin') return unlimited(ceiling);
    return this.#granted(ceiling, grants ?? []);
  }

  /** What scopes allow by themselves, as those of a token do: everywhere, or in some places only. */
  rightsTo(patterns: readonly string[], { serverIds, groupIds }: Places): Rights {
    if (serverIds.length === 0 && groupIds.length === 0) return unlimited(new Set(expand(patterns)));
    return this.#granted(undefined, [
      ...serverIds.map((serverId) => ({ serverId, groupId: null, scopes: patterns })),
      ...groupIds.map((groupId) => ({ serverId: null, groupId, scopes: patterns })),
    ]);
  }

  #granted(ceiling: ScopeSet | undefined, grants: readonly Granted[]): Rights {
    const key = JSON.stringify([ceiling ? textOf(ceiling) : '', grants]);
    const { version } = this.placement;
    const known = this.#kept.get(key);
    if (known) this.#kept.delete(key);
    const rights = known?.version === version ? known.rights : this.#workOut(ceiling, grants);
    this.#kept.set(key, { version, rights });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKept) break;
      this.#kept.delete(oldest);
    }
    return rights;
  }

  #workOut(ceiling: ScopeSet | undefined, grants: readonly Granted[]): Rights {
    const servers = new Map<string, ScopeSet>();
    let anywhere = noScopes;
    for (const { serverId, groupId, scopes: patterns } of grants) {
      const given: ScopeSet = new Set<Scope>(expand(patterns).filter(isServerScope));
      const scopes = ceiling ? overlap(ceiling, given) : given;
      anywhere = joined(anywhere, scopes);
      const covered = groupId === null ? [] : this.placement.serversIn(new Set([groupId]));
      for (const id of serverId === null ? covered : [serverId]) {
        const held = servers.get(id);
        servers.set(id, held ? joined(held, scopes) : scopes);
      }
    }
    return limited({ anywhere, servers, now: () => this.#granted(ceiling, grants) });
  }
}
