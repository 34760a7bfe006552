import type { Database } from '../database/database.ts';

/** A group as it is shown; every one is in memory. */
export interface PlacedGroup {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly colour: string;
  readonly icon: string;
  readonly position: number;
}

interface Row extends PlacedGroup {
  readonly kind: 'group' | 'server';
}

/** Longer chains cannot be made; one that is in the database all the same must not hang us. */
const deepest = 32;

/** Which group each server is in and how groups lie in each other, in memory. */
export class Placement {
  readonly #db: Pick<Database, 'pool'>;
  #groupOf = new Map<string, string>();
  #groups = new Map<string, PlacedGroup>();
  #version = 0;
  #reading: Promise<void> | undefined;
  #again: Promise<void> | undefined;

  constructor(db: Pick<Database, 'pool'>) {
    this.#db = db;
  }

  /** Grows whenever servers or groups may have moved. */
  get version(): number {
    return this.#version;
  }

  /** Every group, by id. */
  get groups(): ReadonlyMap<string, PlacedGroup> {
    return this.#groups;
  }

  /** Servers that are in a group, with that group. */
  get groupOf(): ReadonlyMap<string, string> {
    return this.#groupOf;
  }

  /** The groups a server is in, the nearest first; none for a server that is in none. */
  chainOf(serverId: string): string[] {
    const group = this.#groupOf.get(serverId);
    return group === undefined ? [] : this.chainFrom(group);
  }

  /** A group and those it lies in, the nearest first. */
  chainFrom(groupId: string): string[] {
    const chain: string[] = [];
    let at: string | null | undefined = groupId;
    while (typeof at === 'string' && this.#groups.has(at) && chain.length < deepest) {
      chain.push(at);
      at = this.#groups.get(at)?.parentId;
    }
    return chain;
  }

  /** The servers in any of these groups or in those below them. */
  serversIn(groupIds: ReadonlySet<string>): Set<string> {
    const within = new Map<string, boolean>();
    const servers = new Set<string>();
    for (const [serverId, groupId] of this.#groupOf) {
      let inside = within.get(groupId);
      if (inside === undefined) {
        inside = this.chainFrom(groupId).some((group) => groupIds.has(group));
        within.set(groupId, inside);
      }
      if (inside) servers.add(serverId);
    }
    return servers;
  }

  /**
   * Takes over what is in the database. What was committed before the call is known when it resolves, however many
   * ask at once.
   */
  refresh(): Promise<void> {
    if (!this.#reading) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    // The reading under way may have begun before the caller's change; all who wait share the next one.
    this.#again ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#again = undefined;
        return this.refresh();
      });
    return this.#again;
  }

  async #read(): Promise<void> {
    // One statement sees one state of both tables.
    const { rows } = await this.#db.pool.query<Row>({
      name: 'placement.read',
      text: `SELECT "id", 'group' AS "kind", "parentId", "name", "colour", "icon", "position" FROM "ServerGroup"
             UNION ALL
             SELECT "id", 'server', "groupId", '', '', '', 0 FROM "Server" WHERE "groupId" IS NOT NULL`,
    });
    const groupOf = new Map<string, string>();
    const groups = new Map<string, PlacedGroup>();
    for (const { kind, ...row } of rows) {
      if (kind === 'group') groups.set(row.id, row);
      else if (row.parentId !== null) groupOf.set(row.id, row.parentId);
    }
    this.#groupOf = groupOf;
    this.#groups = groups;
    this.#version += 1;
  }
}
