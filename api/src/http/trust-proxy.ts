import { BlockList, isIP } from 'node:net';

/**
 * Whom to believe about the client's address and scheme (`X-Forwarded-For`, `X-Forwarded-Proto`).
 *
 * - `none`: nobody; the headers are ignored
 * - `hops`: the last `count` machines in front of us are ours, wherever they connect from. Choose it only when
 *   nothing but the proxy can reach the port.
 * - `list`: whoever connects from these networks. Anyone else is treated as having gone around the proxy.
 */
export type TrustProxy =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly count: number }
  | { readonly kind: 'list'; readonly networks: BlockList };

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // RFC 1918, RFC 4193, link-local
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10', '169.254.0.0/16'],
};

const grammar =
  'must be on, a number of proxies, or a list of addresses and networks such as loopback,10.0.0.0/8';

/** @returns what to trust, or in words why the value is not valid */
export function parseTrustProxy(value: string): TrustProxy | string {
  const text = value.trim().toLowerCase();
  if (['off', 'false', 'no', '0'].includes(text)) return { kind: 'none' };
  if (['on', 'true', 'yes'].includes(text)) return { kind: 'hops', count: 1 };
  if (/^\d+$/.test(text)) {
    const count = Number(text);
    return count <= 16 ? { kind: 'hops', count } : 'must not count more than 16 proxies';
  }
  const networks = new BlockList();
  for (const entry of text.split(',').flatMap((item) => named[item.trim()] ?? [item.trim()])) {
    if (!addNetwork(networks, entry)) return grammar;
  }
  return { kind: 'list', networks };
}

/** @returns false when it is neither an address nor a network (`10.0.0.0/8`, `2001:db8::/32`) */
export function addNetwork(networks: BlockList, entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const version = isIP(address);
  const width = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (version === 0 || address.includes('%') || rest.length > 0 || !(prefix >= 0 && prefix <= width))
    return false;
  networks.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
  return true;
}

/** Whether an address lies in one of the networks. */
export function inNetworks(networks: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that arrived mapped into IPv6 (`::ffff:10.0.0.1`) in its plain form. */
export function plainAddress(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

export interface Forwarded {
  readonly address: string;
  /** undefined when no trusted proxy said. */
  readonly proto: 'http' | 'https' | undefined;
  /** False when a list of proxies is set and the peer is none of them. */
  readonly throughProxy: boolean;
}

/**
 * The client behind the trusted proxies. Reads the headers from the right, the end that our own proxy appended;
 * what a client wrote itself is never reached.
 */
export function resolveForwarded(
  trust: TrustProxy,
  peer: string,
  headers: { readonly for: string | undefined; readonly proto: string | undefined },
): Forwarded {
  const direct = plainAddress(peer);
  if (trust.kind === 'none') return { address: direct, proto: undefined, throughProxy: true };
  if (trust.kind === 'list' && !inNetworks(trust.networks, direct)) {
    return { address: direct, proto: undefined, throughProxy: false };
  }
  const chain = (headers.for ?? '')
    .split(',')
    .map((part) => stripPort(part.trim()))
    .filter((part) => part !== '');
  let address = direct;
  for (let hop = 1; chain.length > 0; hop++) {
    const trusted = trust.kind === 'hops' ? hop <= trust.count : inNetworks(trust.networks, address);
    if (!trusted) break;
    const before = chain.pop() ?? '';
    // A word that is no address (`unknown`, garbage) ends the chain: nothing left of it can be believed.
    if (isIP(before) === 0) break;
    address = plainAddress(before);
  }
  const proto = headers.proto?.split(',').at(-1)?.trim().toLowerCase();
  return { address, proto: proto === 'https' || proto === 'http' ? proto : undefined, throughProxy: true };
}

/** `1.2.3.4:5678` and `[::1]:5678` as some proxies write them. */
function stripPort(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  if (bracketed?.[1]) return bracketed[1];
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(text) ? text.slice(0, text.lastIndexOf(':')) : text;
}
