import { isIP } from 'node:net';
import type { Environment } from '../env.ts';
import type { Authority } from './authority.ts';
import { namesIn } from './certificate.ts';
import { hostOf, inUrl, isLoopback, isWildcard, ownAddresses, ownNames } from './names.ts';
import type { TlsSource } from './tls.ts';

/** What the machines outside can use to reach us, as far as we can know it. */
export interface FrontDoor {
  /** The base URL people and agents use, without a trailing slash: PUBLIC_URL, else the best guess. */
  publicUrl(): string;
  /** The base URL for a browser on this machine; what the ready line prints. */
  localUrl(): string;
  /** Whether another machine can dial in, and if not, what to set. */
  joinability(): Joinability;
  /** Our own certificate authority; undefined when a given certificate, a proxy or loopback makes it needless. */
  authority(): Authority | undefined;
  /** Path of the private socket that the agent on this machine dials. */
  readonly localSocket: string;
}

export type Joinability =
  | { readonly possible: true; readonly url: string }
  /** What is in the way, and one sentence on it and on what to set. */
  | { readonly possible: false; readonly code: Obstacle; readonly reason: string };

export type Obstacle =
  /** HOST is a loopback address. */
  | 'LOOPBACK_ONLY'
  /** PUBLIC_URL names this machine by a loopback address. */
  | 'PUBLIC_URL_LOOPBACK'
  /** PUBLIC_URL is not encrypted. */
  | 'TLS_REQUIRED'
  /** Nothing tells the address that others reach us by. */
  | 'PUBLIC_URL_REQUIRED';

type Settings = Pick<Environment, 'host' | 'publicUrl' | 'trustProxy' | 'inContainer'>;

/** @param port - the port in use, known once listening; 0 before */
export function createFrontDoor(
  env: Settings,
  tls: TlsSource | undefined,
  localSocket: string,
  port: () => number,
): FrontDoor {
  const scheme = tls ? 'https' : 'http';
  const at = (host: string) => `${scheme}://${inUrl(host)}:${port()}`;
  const publicUrl = () => env.publicUrl ?? at(dialable(env.host, tls));
  return {
    localSocket,
    publicUrl,
    localUrl: () => at(isWildcard(env.host) ? certified(['localhost', '127.0.0.1'], tls) : env.host),
    authority: () => tls?.authority,
    joinability() {
      const obstacle = obstacleOf(env, tls);
      return obstacle ? { possible: false, ...obstacle } : { possible: true, url: publicUrl() };
    },
  };
}

function obstacleOf(
  env: Settings,
  tls: TlsSource | undefined,
): { readonly code: Obstacle; readonly reason: string } | undefined {
  const at = (code: Obstacle, reason: string) => ({ code, reason });
  if (env.publicUrl) {
    const host = hostOf(new URL(env.publicUrl).host) ?? '';
    if (isLoopback(host))
      return at(
        'PUBLIC_URL_LOOPBACK',
        `PUBLIC_URL is ${env.publicUrl}, an address that means each machine itself; set it to one that other machines can reach.`,
      );
    if (env.publicUrl.startsWith('http:'))
      return at(
        'TLS_REQUIRED',
        `PUBLIC_URL is ${env.publicUrl}, but agents talk to ServerKit over https only; set it to an https address.`,
      );
    return undefined;
  }
  if (env.trustProxy.kind !== 'none')
    return at(
      'PUBLIC_URL_REQUIRED',
      'ServerKit runs behind a proxy and does not know its address; set PUBLIC_URL to it.',
    );
  if (env.inContainer)
    return at(
      'PUBLIC_URL_REQUIRED',
      'ServerKit runs in a container and does not know the address of its machine; set PUBLIC_URL to it.',
    );
  if (isLoopback(env.host))
    return at(
      'LOOPBACK_ONLY',
      `ServerKit listens on ${env.host} only, which other machines cannot reach; start it with HOST=0.0.0.0, or set PUBLIC_URL to the address of your reverse proxy.`,
    );
  if (tls?.leaf && !covers(tls, dialable(env.host, tls)))
    return at(
      'PUBLIC_URL_REQUIRED',
      'The certificate in TLS_CERT names no host that other machines could use; set PUBLIC_URL.',
    );
  return undefined;
}

/** The address of ours that other machines most likely reach, and that the certificate names. */
function dialable(host: string, tls: TlsSource | undefined): string {
  if (!isWildcard(host)) return certified([host], tls);
  return certified([...ownAddresses(), ...ownNames(), '127.0.0.1'], tls);
}

function certified(candidates: readonly string[], tls: TlsSource | undefined): string {
  const leaf = tls?.leaf;
  const best = leaf ? (candidates.find((name) => covers(tls, name)) ?? namesIn(leaf)[0]) : undefined;
  return best ?? candidates[0] ?? 'localhost';
}

function covers(tls: TlsSource, name: string): boolean {
  return (isIP(name) ? tls.leaf?.checkIP(name) : tls.leaf?.checkHost(name)) !== undefined;
}
