import { Client, type Platform } from './client.ts';
import type { ClientOptions, Fetch } from './options.ts';

export * from './index.ts';

const browser: Platform = {
  fetch(ca): Fetch {
    refuseCa(ca);
    // The session of a page of ServerKit's own; beside a token it would be refused.
    return (url, init) =>
      fetch(url, { ...init, credentials: 'authorization' in init.headers ? 'omit' : 'same-origin' });
  },
  webSocket(ca) {
    refuseCa(ca);
    return WebSocket;
  },
};

function refuseCa(ca: string | undefined): void {
  if (ca !== undefined)
    throw new TypeError('A browser trusts the authorities of its system; leave out `ca`.');
}

/** Makes a client of one control plane; nothing is sent before it is used. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, browser);
}

/** Needs Node: a browser cannot look at certificates. */
export function fetchAuthority(): Promise<string> {
  return Promise.reject(new TypeError('A browser cannot look at certificates.'));
}
