import { array, flag, object, text, texts, time, type JsonObject } from '../docker/json.ts';
import { maskedOptions, pairsOf } from '../docker/labels.ts';
import { isOwnContainer } from '../docker/own.ts';
import type { Network, NetworkUser } from './network.ts';

const enginesOwn: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);

/** A network out of an entry of GET /networks. */
export function networkOf(entry: JsonObject, users: readonly NetworkUser[]): Network {
  const name = text(entry['Name']);
  return {
    id: text(entry['Id']),
    name,
    driver: text(entry['Driver']),
    scope: text(entry['Scope']),
    createdAt: time(entry['Created']),
    internal: flag(entry['Internal']),
    attachable: flag(entry['Attachable']),
    ipv6: flag(entry['EnableIPv6']),
    builtIn: enginesOwn.has(name) || flag(entry['Ingress']),
    subnets: array(object(entry['IPAM'])['Config'])
      .map(object)
      .map((config) => ({
        subnet: text(config['Subnet']),
        gateway: text(config['Gateway']),
        ipRange: text(config['IPRange']),
      })),
    labels: pairsOf(entry['Labels']),
    options: maskedOptions(entry['Options']),
    users,
  };
}

/**
 * Who is in which network, by the network's id and by its name, out of GET /containers/json. One that never ran has no
 * id written down yet, and will look for the name when it starts.
 */
export function usersOf(
  containers: unknown,
): (network: { readonly id: string; readonly name: string }) => NetworkUser[] {
  const byId = new Map<string, NetworkUser[]>();
  const byName = new Map<string, NetworkUser[]>();
  for (const container of array(containers).map(object)) {
    if (isOwnContainer(container)) continue;
    const networks = object(object(container['NetworkSettings'])['Networks']);
    for (const [name, given] of Object.entries(networks)) {
      const endpoint = object(given);
      const user: NetworkUser = {
        containerId: text(container['Id']),
        containerName: texts(container['Names'])[0]?.replace(/^\//, '') ?? '',
        running: container['State'] === 'running',
        ipv4: text(endpoint['IPAddress']),
        ipv6: text(endpoint['GlobalIPv6Address']),
        mac: text(endpoint['MacAddress']),
      };
      const id = text(endpoint['NetworkID']);
      const [users, key] = id === '' ? [byName, name] : [byId, id];
      users.set(key, [...(users.get(key) ?? []), user]);
    }
  }
  return ({ id, name }) => [...(byId.get(id) ?? []), ...(byName.get(name) ?? []), ...(byName.get(id) ?? [])];
}
