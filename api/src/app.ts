import { RouteTable } from './http/router.ts';
import type { Platform, Room } from './platform.ts';

/** Everything the process does, built without listening, so that tests drive the very same thing. */
export interface App {
  readonly platform: Platform;
  readonly routes: RouteTable;
  /** Runs every room's `prepare`, in order. */
  prepare(): Promise<void>;
  /** Runs every room's `started`, in order. */
  started(): Promise<void>;
  /** Drains every room, last first; the signal aborts when time is up. */
  drain(signal: AbortSignal): Promise<void>;
  readonly draining: boolean;
}

/** Makes a room from the platform; app.ts lists them. */
export type RoomFactory = (platform: Platform) => Room;

/**
 * The rooms of a full control plane, in the order they start.
 */
export const rooms: readonly RoomFactory[] = [];

export function createApp(platform: Platform, factories: readonly RoomFactory[] = rooms): App {
  const list = factories.map((make) => make(platform));
  const routes = new RouteTable();
  for (const room of list) room.routes?.(routes);
  let draining = false;
  return {
    platform,
    routes,
    get draining() {
      return draining;
    },
    async prepare() {
      for (const room of list) await room.prepare?.();
    },
    async started() {
      for (const room of list) await room.started?.();
    },
    async drain(signal) {
      draining = true;
      for (const room of list.toReversed()) await room.drain?.(signal);
    },
  };
}
