import type { Environment } from '../env.ts';
import type { FrontDoor } from '../http/front-door.ts';

/**
 * How a machine without any software gets at the installer.
 *
 * What is downloaded is pinned by hash, so encryption would add nothing to it, and a bare machine has no means to
 * encrypt. Where the port that agents dial is our own, it serves downloads over plain HTTP as well; behind a proxy that
 * speaks TLS for us it cannot.
 */
export interface Route {
  /** Base URL that agents dial. */
  readonly server: string;
  /** Base URL of downloads, http or https. */
  readonly downloads: string;
  /** Where plain HTTP is spoken, for a machine that has neither curl nor wget. */
  readonly plain: { readonly host: string; readonly port: number } | undefined;
}

export function routeOf(env: Pick<Environment, 'tls'>, frontDoor: FrontDoor): Route {
  const server = frontDoor.publicUrl();
  const { protocol, hostname, port } = new URL(server);
  const secure = protocol === 'https:';
  const place = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port ? Number(port) : secure ? 443 : 80,
  };
  const own = frontDoor.authority() !== undefined;
  const plain = own || env.tls || !secure ? place : undefined;
  // No machine trusts our own authority yet.
  const downloads = own ? `http://${hostname}:${place.port}` : server;
  return { server, downloads, plain };
}
