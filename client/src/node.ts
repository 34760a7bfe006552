import { Client, type Platform } from './client.ts';
import { fetchWith } from './node/fetch.ts';
import { socketClass } from './node/socket-class.ts';
import type { ClientOptions } from './options.ts';

export * from './index.ts';
export { fetchAuthority } from './node/authority.ts';

const node: Platform = { fetch: fetchWith, webSocket: socketClass };

/** Makes a client of one control plane; nothing is sent before it is used. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, node);
}
