import { setImmediate as breath } from 'node:timers/promises';
import { readLabel, secretNames, secretsLabel } from '@serverkit/wire/secret-references.ts';

/** A container that refers to a secret. */
export interface SecretUser {
  readonly serverId: string;
  readonly containerId: string;
  readonly containerName: string;
}

/** By the name of the secret, and by their server. */
export type SecretUsers = ReadonlyMap<string, ReadonlyMap<string, readonly SecretUser[]>>;

/** A server as it was last seen. */
interface Seen {
  readonly containers: ReadonlyMap<
    string,
    {
      readonly id: string;
      readonly name: string;
      readonly labels: readonly { readonly key: string; readonly value: string }[];
    }
  >;
}

/** Containers that are looked at in one go; a fleet may have some hundred thousand. */
const atOnce = 1_000;

/** Reads each container once, whatever number of secrets is asked for; others have their turn meanwhile. */
export async function usersByName(servers: Iterable<readonly [string, Seen]>): Promise<SecretUsers> {
  const users = new Map<string, Map<string, SecretUser[]>>();
  let count = 0;
  for (const [serverId, { containers }] of servers) {
    for (const { id, name, labels } of containers.values()) {
      count += 1;
      if (count % atOnce === 0) await breath();
      const label = labels.find(({ key }) => key === secretsLabel)?.value;
      for (const secret of secretNames(readLabel(label))) {
        const places = users.get(secret) ?? new Map<string, SecretUser[]>();
        const here = places.get(serverId) ?? [];
        here.push({ serverId, containerId: id, containerName: name });
        users.set(secret, places.set(serverId, here));
      }
    }
  }
  return users;
}
