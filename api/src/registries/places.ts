import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Rights } from '../access/rights.ts';
import type { Places } from '../access/service.ts';
import { notFound, ServerKitError } from '../errors.ts';

/** Which servers get a registry's password: every one, those to come too, or these and those in these groups. */
export interface RegistryPlaces extends Places {
  readonly everywhere: boolean;
}

/** Of {@link Placement} what it takes to tell. */
export interface Groups {
  chainOf(serverId: string): readonly string[];
  serversIn(groupIds: ReadonlySet<string>): ReadonlySet<string>;
}

/** As the database has them. */
export const storedPlaces = {
  everywhere: true,
  places: { select: { serverId: true, groupId: true } },
} as const;

export function placesOf({
  everywhere,
  places,
}: Prisma.RegistryGetPayload<{ select: typeof storedPlaces }>): RegistryPlaces {
  return {
    everywhere,
    serverIds: places.flatMap(({ serverId }) => serverId ?? []),
    groupIds: places.flatMap(({ groupId }) => groupId ?? []),
  };
}

/** Whether a server gets the password. */
export function isFor(
  { everywhere, serverIds, groupIds }: RegistryPlaces,
  serverId: string,
  groups: Groups,
): boolean {
  if (everywhere || serverIds.includes(serverId)) return true;
  return groups.chainOf(serverId).some((groupId) => groupIds.includes(groupId));
}

/** What of them somebody is shown who may look at images with these rights; null for a registry of others' servers only. */
export function shownPlaces(places: RegistryPlaces, rights: Rights, groups: Groups): RegistryPlaces | null {
  const seen = rights.serversWith('docker:images:read');
  if (seen === null) return places;
  const serverIds = places.serverIds.filter((serverId) => seen.has(serverId));
  const groupIds = places.groupIds.filter((groupId) => {
    const within = groups.serversIn(new Set([groupId]));
    return [...seen].some((serverId) => within.has(serverId));
  });
  const none = !places.everywhere && serverIds.length + groupIds.length === 0;
  return none ? null : { everywhere: places.everywhere, serverIds, groupIds };
}

/** @throws ServerKitError INPUT_INVALID for none, or for all and some */
export function checkPlaces({ everywhere, serverIds, groupIds }: RegistryPlaces): void {
  const some = serverIds.length + groupIds.length > 0;
  if (everywhere !== some) return;
  throw new ServerKitError(
    'INPUT_INVALID',
    some
      ? 'Either every server gets the password, or these servers and groups do.'
      : 'Say which servers get the password: some, those of a group, or every one.',
  );
}

/** Puts down which servers get the password instead of those before. @throws ServerKitError NOT_FOUND */
export async function storePlaces(
  tx: Prisma.TransactionClient,
  registryId: string,
  { serverIds, groupIds }: Places,
): Promise<void> {
  const [servers, groups] = [
    await tx.server.findMany({ where: { id: { in: [...serverIds] } }, select: { id: true } }),
    await tx.serverGroup.findMany({ where: { id: { in: [...groupIds] } }, select: { id: true } }),
  ];
  missing('server', serverIds, servers);
  missing('group', groupIds, groups);
  await tx.registryPlace.deleteMany({ where: { registryId } });
  await tx.registryPlace.createMany({
    data: [
      ...servers.map(({ id }) => ({ registryId, serverId: id })),
      ...groups.map(({ id }) => ({ registryId, groupId: id })),
    ],
  });
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
