import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { RequestFacts } from './exchange.ts';
import { hostOf, isLoopback, isWildcard, ownAddresses, ownNames } from './names.ts';
import { plainAddress } from './trust-proxy.ts';

export interface HostPolicyOptions {
  readonly publicUrl: string | undefined;
  readonly bindHost: string;
  /** A certificate its owner gave us says by which names we are known. */
  readonly certificate: X509Certificate | undefined;
  /** Origins of other pages that may use the API with a token. @default none */
  readonly corsOrigins?: ReadonlySet<string>;
}

/**
 * Which names we answer to. A page of a stranger can point its own name at our address and then read our answers as
 * its own (DNS rebinding); it cannot make a browser send one of our names.
 */
export class HostPolicy {
  readonly #names: ReadonlySet<string>;
  readonly #certificate: X509Certificate | undefined;
  readonly #publicOrigin: string | undefined;
  readonly #listed: ReadonlySet<string>;

  constructor({ publicUrl, bindHost, certificate, corsOrigins = new Set() }: HostPolicyOptions) {
    const published = publicUrl ? hostOf(new URL(publicUrl).host) : undefined;
    this.#names = new Set([
      ...(published ? [published] : []),
      ...(isWildcard(bindHost) ? [] : [bindHost.toLowerCase()]),
      ...ownNames(),
    ]);
    this.#certificate = certificate;
    this.#publicOrigin = publicUrl;
    this.#listed = corsOrigins;
  }

  /**
   * @param header - the `Host` header
   * @param localAddress - the address of ours that the connection arrived at
   */
  allows(header: string, localAddress: string | undefined): boolean {
    const name = hostOf(header);
    if (name === undefined) return false;
    if (this.#names.has(name) || isLoopback(name)) return true;
    if (isIP(name) !== 0) {
      return (
        (localAddress !== undefined && plainAddress(localAddress) === name) || ownAddresses().includes(name)
      );
    }
    return this.#certificate?.checkHost(name) !== undefined;
  }

  /**
   * Whether a request comes from our own pages. Programs send no `Origin`; browsers always do on WebSockets and on
   * anything but a plain GET.
   */
  originOf(facts: Pick<RequestFacts, 'host' | 'secure' | 'origin'>): OriginVerdict {
    if (facts.origin === undefined) return 'absent';
    if (facts.origin === this.#publicOrigin) return 'same';
    const scheme = facts.secure ? 'https' : 'http';
    const own = facts.host === '' ? undefined : URL.parse(`${scheme}://${facts.host}`)?.origin;
    if (own !== undefined && URL.parse(facts.origin)?.origin === own) return 'same';
    return this.#listed.has(facts.origin) ? 'listed' : 'foreign';
  }
}

export type OriginVerdict = 'absent' | 'same' | 'listed' | 'foreign';
