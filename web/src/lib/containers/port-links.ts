import { portText } from './ports.ts';

interface Port {
  readonly address?: string | null | undefined;
  readonly privatePort: number;
  readonly publicPort?: number | null | undefined;
  readonly protocol: string;
}

/** The server that publishes a port, as far as an address of it goes. */
interface Host {
  readonly isLocal: boolean;
  readonly facts?: { readonly addresses: readonly string[] } | null | undefined;
}

export interface PortLink {
  readonly text: string;
  /** Null for what no browser can open. */
  readonly href: string | null;
}

const everywhere = new Set(['', '*', '0.0.0.0', '::']);
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** By which address the reader's browser may reach a port; null when only the server itself does. */
function addressOf(bound: string, host: Host | undefined): string | null {
  // What runs on the machine that serves the dashboard is where the dashboard is.
  const here = host?.isLocal ? location.hostname : null;
  if (isLoopback(bound)) return here && (here === 'localhost' || isLoopback(here)) ? here : null;
  if (!everywhere.has(bound)) return bound;
  return here ?? host?.facts?.addresses.find((address) => !isLoopback(address)) ?? null;
}

/** Published ports, each once, with where a browser finds it. The protocol above TCP is guessed by the port. */
export function portLinks(ports: readonly Port[], host: Host | undefined): PortLink[] {
  const links = new Map<string, PortLink>();
  for (const port of ports) {
    const { publicPort, privatePort, protocol, address } = port;
    if (!publicPort) continue;
    const text = portText([port]);
    const at = protocol === 'tcp' ? addressOf(address ?? '', host) : null;
    const scheme = privatePort === 443 || privatePort === 8443 ? 'https' : 'http';
    const name = at?.includes(':') ? `[${at}]` : at;
    const href = name === null || name === undefined ? null : `${scheme}://${name}:${publicPort}`;
    if (!links.get(text)?.href) links.set(text, { text, href });
  }
  return [...links.values()];
}
