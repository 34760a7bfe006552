import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { PlacedGroup } from '../access/placement.ts';
import type { Rights } from '../access/rights.ts';
import { seesWith } from '../access/sees.ts';
import type { Access } from '../access/service.ts';
import { actorOf } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { RequestContext } from '../context.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid, isServerKitError, notFound, permissionDenied, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Topics } from '../live/topics.ts';
import { serverChanges } from '../servers/events.ts';

/** Groups in groups: this many levels at most. */
export const mostLevels = 8;
const mostGroups = 1_000;
/** What it takes to say which servers get a registry's password. */
const handsOut = ['settings:write', 'docker:images:write'] as const;
/** The same for a secret. */
const handsOutSecrets = ['secrets:write', 'secrets:use'] as const;

type By = Pick<RequestContext, 'principal' | 'address'>;

/** A group as someone sees it. */
export interface Group extends PlacedGroup {
  /** Servers in it and in the groups below it that are seen. */
  readonly serverCount: number;
}

export interface GroupFields {
  readonly name: string;
  readonly colour: string;
  readonly icon: string;
  readonly parentId: string | null;
  readonly position: number;
}

/** The groups someone sees, by position, as of a state of the places. */
interface Seen {
  readonly version: number;
  readonly list: readonly Group[];
  readonly byId: ReadonlyMap<string, Group>;
}

interface Needs {
  readonly db: Database;
  readonly access: Access;
  readonly audit: Audit;
  readonly topics: Topics;
}

/** Servers that belong together, in groups that may lie in each other. */
export class Groups {
  readonly #needs: Needs;
  /** A list of servers asks for the group of each: worked out once, and not once for each row. */
  readonly #seen = new WeakMap<Rights, Seen>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * The groups someone sees, in the order of their positions. Who is limited to some servers sees the groups these are
   * in, and those above.
   */
  seen(rights: Rights): readonly Group[] {
    return this.#seenBy(rights).list;
  }

  #seenBy(rights: Rights): Seen {
    const { placement } = this.#needs.access;
    const { version } = placement;
    const known = this.#seen.get(rights);
    if (known?.version === version) return known;
    const list = this.#workOut(rights);
    const seen = { version, list, byId: new Map(list.map((group) => [group.id, group])) };
    this.#seen.set(rights, seen);
    return seen;
  }

  #workOut(rights: Rights): Group[] {
    const { placement } = this.#needs.access;
    const sees = seesWith(rights, 'servers:read');
    const counts = new Map<string, number>();
    for (const serverId of placement.groupOf.keys()) {
      if (sees?.(serverId) === false) continue;
      for (const group of placement.chainOf(serverId)) counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    return [...placement.groups.values()]
      .filter(({ id }) => !sees || counts.has(id))
      .map((group) => Object.assign({ serverCount: counts.get(group.id) ?? 0 }, group))
      .toSorted((a, b) => a.position - b.position || a.name.localeCompare(b.name));
  }

  /** Tells, each time it is called, whether what is seen is other than the last time. */
  watch(rights: Rights): () => boolean {
    let told = JSON.stringify(this.seen(rights));
    return () => {
      const text = JSON.stringify(this.seen(rights));
      const changed = text !== told;
      told = text;
      return changed;
    };
  }

  find(groupId: string, rights: Rights): Group | undefined {
    return this.#seenBy(rights).byId.get(groupId);
  }

  /** @throws ServerKitError NOT_FOUND for the parent, CONFLICT, INPUT_INVALID */
  async create(fields: GroupFields, by: By): Promise<Group> {
    const id = newId('group');
    await this.#change(by, 'group.create', async (tx) => {
      if ((await tx.serverGroup.count()) >= mostGroups) {
        throw new ServerKitError('CONFLICT', `There can be ${mostGroups} groups.`);
      }
      await checkPlace(tx, undefined, fields);
      await tx.serverGroup.create({ data: { id, ...fields } });
      return { id, name: fields.name, parameters: { ...fields } };
    });
    return this.#known(id, by);
  }

  /** Changes what is given. @throws ServerKitError NOT_FOUND, CONFLICT, INPUT_INVALID, PERMISSION_DENIED */
  async update(id: string, patch: Partial<GroupFields>, by: By): Promise<Group> {
    await this.#change(by, 'group.update', async (tx) => {
      const group = await tx.serverGroup.findUnique({ where: { id } });
      if (!group) throw notFound('group', id);
      const after = { ...group, ...patch };
      await checkPlace(tx, id, after);
      if (after.parentId !== null && after.parentId !== group.parentId) {
        await this.#refuseConferring(tx, after.parentId, by, 'group.update');
      }
      await tx.serverGroup.update({ where: { id }, data: patch });
      return { id, name: after.name, parameters: { ...patch } };
    });
    return this.#known(id, by);
  }

  /** What is in it, servers and groups, goes to the group above. @throws ServerKitError NOT_FOUND */
  async delete(id: string, by: By): Promise<void> {
    let holders: string[] = [];
    await this.#change(by, 'group.delete', async (tx) => {
      const group = await tx.serverGroup.findUnique({ where: { id } });
      if (!group) throw notFound('group', id);
      holders = await this.#needs.access.grants.holders(tx, { groupIds: [id] });
      await tx.serverGroup.updateMany({ where: { parentId: id }, data: { parentId: group.parentId } });
      await tx.server.updateMany({ where: { groupId: id }, data: { groupId: group.parentId } });
      await tx.serverGroup.delete({ where: { id } });
      return { id, name: group.name, parameters: {} };
    });
    this.#needs.access.grants.told(holders);
  }

  /**
   * Puts servers into a group, or into none.
   * @returns the ids of those that exist
   * @throws ServerKitError NOT_FOUND for the group, PERMISSION_DENIED
   */
  async move(serverIds: readonly string[], groupId: string | null, by: By): Promise<Set<string>> {
    const { db, access, audit, topics } = this.#needs;
    const moved = await db.prisma.$transaction(async (tx) => {
      await lock(tx);
      if (groupId !== null) {
        if (!(await tx.serverGroup.findUnique({ where: { id: groupId } }))) throw notFound('group', groupId);
        await this.#refuseConferring(tx, groupId, by, 'server.move');
      }
      const servers = await tx.server.findMany({
        where: { id: { in: [...serverIds] } },
        select: { id: true, name: true },
      });
      await tx.server.updateMany({ where: { id: { in: servers.map(({ id }) => id) } }, data: { groupId } });
      for (const { id, name } of servers) {
        await audit.record(tx, {
          actor: actorOf(by),
          action: 'server.move',
          target: { kind: 'server', id, name },
          parameters: { groupId },
        });
      }
      return servers.map(({ id }) => id);
    });
    await access.placesChanged();
    for (const serverId of moved) topics.publish(serverChanges, { serverId, kind: 'UPDATED' });
    return new Set(moved);
  }

  /** One change at a time, so that two who nest groups at once cannot make a circle. */
  async #change(
    by: By,
    action: string,
    make: (tx: Prisma.TransactionClient) => Promise<{
      readonly id: string;
      readonly name: string;
      readonly parameters: Readonly<Record<string, unknown>>;
    }>,
  ): Promise<void> {
    const { db, access, audit } = this.#needs;
    await db.prisma.$transaction(async (tx) => {
      await lock(tx);
      const { id, name, parameters } = await make(tx);
      await audit.record(tx, { actor: actorOf(by), action, target: { kind: 'group', id, name }, parameters });
    });
    await access.placesChanged();
  }

  async #refuseConferring(
    tx: Prisma.TransactionClient,
    groupId: string,
    by: By,
    action: string,
  ): Promise<void> {
    const { access, audit } = this.#needs;
    try {
      const chain = await chainOf(tx, groupId);
      await access.grants.refuseConferring(tx, chain, by.principal.rights);
      await refuseHandingOut(tx, chain, by.principal.rights);
    } catch (error) {
      const target = { kind: 'group', id: groupId };
      if (isServerKitError(error, 'PERMISSION_DENIED'))
        audit.refused({ actor: actorOf(by), action, target, code: error.code });
      throw error;
    }
  }

  #known(id: string, { principal }: By): Group {
    const group = this.find(id, principal.rights);
    if (!group) throw notFound('group', id);
    return group;
  }
}

/**
 * Who is root on a server reads the passwords and secrets that it gets with its group: these are handed out by those who
 * say which do.
 */
async function refuseHandingOut(
  tx: Prisma.TransactionClient,
  groupIds: readonly string[],
  { everywhere }: Rights,
): Promise<void> {
  const where = { groupId: { in: [...groupIds] } };
  const missing = handsOut.find((scope) => !everywhere.has(scope));
  if (missing !== undefined && (await tx.registryPlace.findFirst({ where }))) throw permissionDenied(missing);
  const lacking = handsOutSecrets.find((scope) => !everywhere.has(scope));
  if (lacking !== undefined && (await tx.secretPlace.findFirst({ where }))) throw permissionDenied(lacking);
}

async function lock(tx: Prisma.TransactionClient): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('server groups'), 0)`;
}

/** A group and those it lies in, as they are under the lock: what is in memory may be older. */
async function chainOf(tx: Prisma.TransactionClient, groupId: string): Promise<string[]> {
  const all = await tx.serverGroup.findMany({ select: { id: true, parentId: true } });
  const parentOf = new Map(all.map(({ id, parentId }) => [id, parentId]));
  const chain: string[] = [];
  for (let at: string | null = groupId; at !== null; at = parentOf.get(at) ?? null) chain.push(at);
  return chain;
}

/** @throws ServerKitError NOT_FOUND, CONFLICT for a name taken beside it, INPUT_INVALID for a circle or too many levels */
async function checkPlace(
  tx: Prisma.TransactionClient,
  id: string | undefined,
  { name, parentId }: Pick<GroupFields, 'name' | 'parentId'>,
): Promise<void> {
  const all = await tx.serverGroup.findMany({ select: { id: true, parentId: true, name: true } });
  const parentOf = new Map(all.map((group) => [group.id, group.parentId]));
  if (parentId !== null && !parentOf.has(parentId)) throw notFound('group', parentId);
  const beside = all.find(
    (group) =>
      group.id !== id && group.parentId === parentId && group.name.toLowerCase() === name.toLowerCase(),
  );
  if (beside) {
    throw new ServerKitError(
      'CONFLICT',
      `A group named ${beside.name} is there already. Choose another name.`,
    );
  }
  let above = 0;
  for (let at = parentId; at !== null; at = parentOf.get(at) ?? null) {
    if (at === id) throw inputInvalid('input.parentId', 'A group cannot lie in itself.');
    above += 1;
  }
  const height = (group: string): number =>
    1 + Math.max(0, ...all.filter((one) => one.parentId === group).map((one) => height(one.id)));
  if (above + (id === undefined ? 1 : height(id)) > mostLevels) {
    throw inputInvalid('input.parentId', `Groups lie in each other ${mostLevels} deep at most.`);
  }
}
