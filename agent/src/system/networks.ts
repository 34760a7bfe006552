import { existsSync, readdirSync } from 'node:fs';
import { perSecond } from './disks.ts';
import { readText } from './read-text.ts';
import type { NetworkRate } from './sample.ts';

export interface NetworkBytes {
  readonly received: number;
  readonly sent: number;
}

/** Bytes since boot by interface, out of /proc/net/dev. */
export function parseNetDev(netDev: string): Map<string, NetworkBytes> {
  const networks = new Map<string, NetworkBytes>();
  for (const line of netDev.split('\n').slice(2)) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const counters = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    networks.set(line.slice(0, colon).trim(), { received: Number(counters[0]), sent: Number(counters[8]) });
  }
  return networks;
}

/** What the rest of the host says about its interfaces; replaced in tests. */
export interface NetworkTopology {
  /** Driven by hardware, real or virtual. */
  hasDevice(name: string): boolean;
  /** A bridge, bond or VLAN over other interfaces, or a tunnel through one: their bytes pass those as well. */
  isLayered(name: string): boolean;
  /** Interfaces that a default route leaves by. */
  defaultRoutes(): ReadonlySet<string>;
}

/**
 * The interfaces whose bytes enter or leave this host, each byte once: those with hardware behind them, and what carries
 * the default route where there is none (inside a container or a network namespace).
 */
export function ownInterfaces(names: readonly string[], topology: NetworkTopology): Set<string> {
  const candidates = names.filter((name) => name !== 'lo');
  const own = candidates.filter((name) => topology.hasDevice(name));
  const routes = topology.defaultRoutes();
  own.push(
    ...candidates.filter(
      (name) => routes.has(name) && !topology.hasDevice(name) && !topology.isLayered(name),
    ),
  );
  return new Set(own);
}

const tunnels = /^DEVTYPE=(wireguard|vlan|bridge|bond|macvlan|ipvlan|vxlan|geneve|gre)/m;

/** Documentation/ABI/testing/sysfs-class-net; routes from /proc/net (proc(5)). */
export const hostTopology: NetworkTopology = {
  hasDevice: (name) => existsSync(`/sys/class/net/${name}/device`),
  isLayered(name) {
    const folder = `/sys/class/net/${name}`;
    if (existsSync(`${folder}/tun_flags`) || tunnels.test(readText(`${folder}/uevent`))) return true;
    try {
      return readdirSync(folder).some((entry) => entry.startsWith('lower_'));
    } catch {
      return false;
    }
  },
  defaultRoutes() {
    const routes = new Set<string>();
    for (const line of readText('/proc/net/route').split('\n')) {
      const [name = '', destination, , , , , , mask] = line.split('\t');
      if (destination === '00000000' && mask === '00000000') routes.add(name);
    }
    for (const line of readText('/proc/net/ipv6_route').split('\n')) {
      const [destination = '', prefix, , , , , , , , name = ''] = line.split(/\s+/);
      if (prefix === '00' && /^0+$/.test(destination) && name !== 'lo') routes.add(name);
    }
    return routes;
  },
};

/** How long the answer to "which interfaces are ours" holds while their names stay the same. Ms. */
const HOLDS = 60_000;

/** Remembers which interfaces are the host's own: finding out costs more than reading the counters. */
export class OwnInterfaces {
  #names = '';
  #own: ReadonlySet<string> = new Set();
  #until = 0;

  of(names: readonly string[]): ReadonlySet<string> {
    const joined = names.join(' ');
    if (joined !== this.#names || performance.now() > this.#until) {
      this.#names = joined;
      this.#own = ownInterfaces(names, hostTopology);
      this.#until = performance.now() + HOLDS;
    }
    return this.#own;
  }
}

export function networkRates(
  before: ReadonlyMap<string, NetworkBytes>,
  now: ReadonlyMap<string, NetworkBytes>,
  own: ReadonlySet<string>,
  seconds: number,
): NetworkRate[] {
  return [...now].flatMap(([name, bytes]) => {
    if (!own.has(name)) return [];
    const earlier = before.get(name) ?? bytes;
    return {
      name,
      receivedBytesPerSecond: perSecond(earlier.received, bytes.received, seconds),
      sentBytesPerSecond: perSecond(earlier.sent, bytes.sent, seconds),
    };
  });
}
