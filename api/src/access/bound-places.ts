import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { ServerScope } from '@serverkit/wire/scopes.ts';
import { notFound, ServerKitError } from '../errors.ts';
import type { Rights } from './rights.ts';
import type { Places } from './service.ts';

/** Which servers get something that is told to some only: every one, those to come too, or these and those in these groups. */
export interface BoundPlaces extends Places {
  readonly everywhere: boolean;
}

/** Of {@link Placement} what it takes to tell. */
export interface Groups {
  chainOf(serverId: string): readonly string[];
  serversIn(groupIds: ReadonlySet<string>): ReadonlySet<string>;
}

/** A row of a table of places. */
export interface StoredPlace {
  readonly serverId: string | null;
  readonly groupId: string | null;
}

export function boundPlaces(everywhere: boolean, places: readonly StoredPlace[]): BoundPlaces {
  return {
    everywhere,
    serverIds: places.flatMap(({ serverId }) => serverId ?? []),
    groupIds: places.flatMap(({ groupId }) => groupId ?? []),
  };
}

/** Whether a server gets it. */
export function isFor(
  { everywhere, serverIds, groupIds }: BoundPlaces,
  serverId: string,
  groups: Groups,
): boolean {
  if (everywhere || serverIds.includes(serverId)) return true;
  return groups.chainOf(serverId).some((groupId) => groupIds.includes(groupId));
}

/** What of them somebody is shown who holds a scope with these rights; null for what is of others' servers only. */
export function shownPlaces(
  places: BoundPlaces,
  { rights, scope }: { readonly rights: Rights; readonly scope: ServerScope },
  groups: Groups,
): BoundPlaces | null {
  const seen = rights.serversWith(scope);
  if (seen === null) return places;
  const serverIds = places.serverIds.filter((serverId) => seen.has(serverId));
  const groupIds = places.groupIds.filter((groupId) => {
    const within = groups.serversIn(new Set([groupId]));
    return [...seen].some((serverId) => within.has(serverId));
  });
  const none = !places.everywhere && serverIds.length + groupIds.length === 0;
  return none ? null : { everywhere: places.everywhere, serverIds, groupIds };
}

/**
 * @param what - as it stands in a sentence: "the password"
 * @throws ServerKitError INPUT_INVALID for none, or for all and some
 */
export function checkPlaces({ everywhere, serverIds, groupIds }: BoundPlaces, what: string): void {
  const some = serverIds.length + groupIds.length > 0;
  if (everywhere !== some) return;
  throw new ServerKitError(
    'INPUT_INVALID',
    some
      ? `Either every server gets ${what}, or these servers and groups do.`
      : `Say which servers get ${what}: some, those of a group, or every one.`,
  );
}

/** Rows for these places, each once. @throws ServerKitError NOT_FOUND */
export async function placeRows(
  tx: Prisma.TransactionClient,
  { serverIds, groupIds }: Places,
): Promise<({ readonly serverId: string } | { readonly groupId: string })[]> {
  const [servers, groups] = [
    await tx.server.findMany({ where: { id: { in: [...serverIds] } }, select: { id: true } }),
    await tx.serverGroup.findMany({ where: { id: { in: [...groupIds] } }, select: { id: true } }),
  ];
  missing('server', serverIds, servers);
  missing('group', groupIds, groups);
  return [...servers.map(({ id }) => ({ serverId: id })), ...groups.map(({ id }) => ({ groupId: id }))];
}

function missing(
  kind: 'server' | 'group',
  wanted: readonly string[],
  there: readonly { readonly id: string }[],
): void {
  const known = new Set(there.map(({ id }) => id));
  const unknown = wanted.find((id) => !known.has(id));
  if (unknown !== undefined) throw notFound(kind, unknown);
}
