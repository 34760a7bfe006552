import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Channel, Exchange, RequestFacts } from './exchange.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS';

interface Place {
  /** An exact path, or a prefix when it ends in `/*`. */
  readonly path: string;
  /**
   * Where the route exists.
   * @default ['main']
   */
  readonly channels?: readonly Channel[];
  /**
   * Serve it under any `Host`. Only for what tells nothing and changes nothing.
   * @default false
   */
  readonly anyHost?: boolean;
}

export interface HttpRoute extends Place {
  readonly methods: readonly Method[];
  /** May throw: the front door answers 500 and logs it. */
  handle(exchange: Exchange): void | Promise<void>;
}

export interface UpgradeRoute extends Place {
  /** Owns the socket from here on. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer, facts: RequestFacts): void;
}

/** Where rooms hang what they serve. The longest matching path wins. */
export interface Router {
  http(route: HttpRoute): void;
  upgrade(route: UpgradeRoute): void;
}

/** The outcome of a lookup: a route, or why there is none. */
export type Match<Route> =
  | { readonly kind: 'found'; readonly route: Route }
  /** The path exists, but not on this channel. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'method'; readonly allowed: readonly Method[] }
  | { readonly kind: 'none' };

/** The table behind {@link Router}. */
export class RouteTable implements Router {
  readonly #http: HttpRoute[] = [];
  readonly #upgrade: UpgradeRoute[] = [];

  http(route: HttpRoute): void {
    insert(this.#http, route);
  }

  upgrade(route: UpgradeRoute): void {
    insert(this.#upgrade, route);
  }

  /** Whether some HTTP route answers this path on this channel without a look at `Host`. */
  findHttp(path: string, method: string, channel: Channel): Match<HttpRoute> {
    const here = this.#http.filter((route) => covers(route, path));
    if (here.length === 0) return { kind: 'none' };
    const reachable = here.filter((route) => channelsOf(route).includes(channel));
    if (reachable.length === 0) return { kind: 'elsewhere' };
    const route = reachable.find((candidate) => candidate.methods.some((allowed) => allowed === method));
    if (route) return { kind: 'found', route };
    return { kind: 'method', allowed: [...new Set(reachable.flatMap((candidate) => candidate.methods))] };
  }

  findUpgrade(path: string, channel: Channel): Match<UpgradeRoute> {
    const here = this.#upgrade.filter((route) => covers(route, path));
    if (here.length === 0) return { kind: 'none' };
    const route = here.find((candidate) => channelsOf(candidate).includes(channel));
    return route ? { kind: 'found', route } : { kind: 'elsewhere' };
  }
}

function channelsOf(place: Place): readonly Channel[] {
  return place.channels ?? ['main'];
}

function covers(place: Place, path: string): boolean {
  return place.path.endsWith('/*') ? path.startsWith(place.path.slice(0, -1)) : place.path === path;
}

function insert<Route extends Place>(routes: Route[], route: Route): void {
  routes.push(route);
  routes.sort((a, b) => b.path.length - a.path.length);
}
