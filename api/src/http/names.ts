import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';

/** Addresses of this machine that others on its networks could dial: neither loopback nor link-local. */
export function ownAddresses(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => !entry.internal && !isLinkLocal(entry.address))
    .map((entry) => entry.address);
  return [...new Set(addresses)].toSorted((a, b) => isIP(a) - isIP(b));
}

export function isLoopback(name: string): boolean {
  if (name === '::1' || name === 'localhost' || name.endsWith('.localhost')) return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

/** `0.0.0.0` and `::`: every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

/** The names this machine goes by: its host name, bare and for mDNS. */
export function ownNames(): string[] {
  const name = hostname().toLowerCase();
  return isIP(name) !== 0 || name === '' ? [] : [name, ...(name.includes('.') ? [] : [`${name}.local`])];
}

/** A host as it stands in a URL: IPv6 in brackets. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** The host part of a `Host` header without port and brackets, in lower case; undefined when it is malformed. */
export function hostOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase();
  return name?.endsWith('.') ? name.slice(0, -1) : name;
}
