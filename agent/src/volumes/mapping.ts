import { array, flag, object, text, texts, time, type JsonObject } from '../docker/json.ts';
import { maskedOptions, pairsOf } from '../docker/labels.ts';
import { isOwnContainer } from '../docker/own.ts';
import type { Volume, VolumeUser } from './volume.ts';

/** What the engine names a volume that nobody named (moby, pkg/stringid). */
const chosenByEngine = /^[0-9a-f]{64}$/;

/** A volume out of an entry of GET /volumes. */
export function volumeOf(entry: JsonObject, users: readonly VolumeUser[]): Volume {
  const name = text(entry['Name']);
  const labels = pairsOf(entry['Labels']);
  return {
    name,
    driver: text(entry['Driver']),
    scope: text(entry['Scope']),
    mountpoint: text(entry['Mountpoint']),
    createdAt: time(entry['CreatedAt']),
    // Engines from 23 on say so with a label; for older ones the name has to do.
    anonymous: chosenByEngine.test(name) || labels.some(({ key }) => key === 'com.docker.volume.anonymous'),
    labels,
    options: maskedOptions(entry['Options']),
    users,
  };
}

/** Who uses which volume, out of GET /containers/json. */
export function usersOf(containers: unknown): ReadonlyMap<string, VolumeUser[]> {
  const users = new Map<string, VolumeUser[]>();
  for (const container of array(containers).map(object)) {
    if (isOwnContainer(container)) continue;
    for (const mount of array(container['Mounts']).map(object)) {
      if (mount['Type'] !== 'volume') continue;
      const name = text(mount['Name']);
      const user: VolumeUser = {
        containerId: text(container['Id']),
        containerName: texts(container['Names'])[0]?.replace(/^\//, '') ?? '',
        running: container['State'] === 'running',
        destination: text(mount['Destination']),
        readOnly: !flag(mount['RW']),
      };
      users.set(name, [...(users.get(name) ?? []), user]);
    }
  }
  return users;
}
