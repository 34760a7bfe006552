import { accessRoom } from './access/room.ts';
import { agentsRoom } from './agents/room.ts';
import { auditRoom } from './audit/room.ts';
import { containersRoom } from './containers/room.ts';
import { imagesRoom } from './images/room.ts';
import { dockerFilesRoom } from './docker-files/room.ts';
import { addDashboard } from './http/dashboard.ts';
import { Dispatcher } from './http/dispatch.ts';
import { addHealthRoutes } from './http/health.ts';
import type { HostPolicy } from './http/host-policy.ts';
import type { Handlers } from './http/listener.ts';
import { RouteTable } from './http/router.ts';
import { fleetRoom } from './fleet/room.ts';
import { graphiqlRoom } from './graphiql/room.ts';
import { graphqlRoom } from './graphql/room.ts';
import { installRoom } from './install/room.ts';
import { identityRoom } from './identity/room.ts';
import { metricsRoom } from './metrics/room.ts';
import { overviewRoom } from './overview/room.ts';
import { updatesRoom } from './updates/room.ts';
import { retentionRoom } from './retention/room.ts';
import { sweepsOf } from './retention/service.ts';
import { keysRoom } from './keys/room.ts';
import { logsRoom } from './logs/room.ts';
import { terminalsRoom } from './terminals/room.ts';
import { localAgentRoom } from './local-agent/room.ts';
import type { Platform, Room } from './platform.ts';
import { createServices, type Services } from './services.ts';
import { gitSourcesRoom } from './stacks/git-room.ts';
import { errorText } from './startup-error.ts';

/** Makes a room from the platform and the domains' services. */
export type RoomFactory = (platform: Platform, services: Services) => Room;

/** The rooms of a full control plane, in the order they start. They are drained in the reverse order. */
export const rooms: readonly RoomFactory[] = [
  auditRoom,
  (_platform, { access }) => accessRoom(access),
  (platform, { identity }) => identityRoom(platform, identity),
  (_platform, { containers, topics }) => containersRoom(containers, topics),
  (_platform, { metrics, topics }) => metricsRoom(metrics, topics),
  (_platform, { updates, topics }) => updatesRoom(updates, topics),
  (_platform, { overview }) => overviewRoom(overview),
  (_platform, { keys }) => keysRoom(keys),
  ({ log }, services) => retentionRoom(sweepsOf(services), log),
  (_platform, { agents }) => agentsRoom(agents),
  (_platform, { fleet }) => fleetRoom(fleet),
  (_platform, { install }) => installRoom(install),
  dockerFilesRoom,
  imagesRoom,
  logsRoom,
  terminalsRoom,
  gitSourcesRoom,
  graphqlRoom,
  (platform, services) => graphiqlRoom(platform, services),
  localAgentRoom,
];

/** Everything the process does, built without listening, so that tests drive the very same thing. */
export interface App {
  /** What a {@link Listener} serves. */
  readonly handlers: Handlers;
  readonly services: Services;
  /** Runs every room's `prepare`, in order. */
  prepare(): Promise<void>;
  /** Runs every room's `started`, in order. */
  started(): Promise<void>;
  /** From now on `/readyz` sends traffic elsewhere. */
  announceDrain(): void;
  /** Drains every room, last first; none can hold up the others once the signal aborts. */
  drain(signal: AbortSignal): Promise<void>;
}

export interface AppOptions {
  readonly hostPolicy: HostPolicy;
  /** @default {@link rooms} */
  readonly rooms?: readonly RoomFactory[];
  /** Of the built dashboard. @default web/build */
  readonly dashboard?: string;
}

export function createApp(platform: Platform, options: AppOptions): App {
  const { env, log, db, frontDoor } = platform;
  const services = createServices(platform);
  const list = (options.rooms ?? rooms).map((make) => make(platform, services));
  const routes = new RouteTable();
  let draining = false;
  addHealthRoutes(routes, async () => {
    if (draining) return 'draining';
    return (await db.healthy()) ? 'ready' : 'database';
  });
  addDashboard(routes, options.dashboard);
  for (const room of list) room.routes?.(routes);
  const dispatcher = new Dispatcher({
    env,
    routes,
    log,
    policy: options.hostPolicy,
    publicUrl: () => frontDoor.publicUrl(),
  });
  return {
    services,
    handlers: {
      request: (request, response, channel) => dispatcher.request(request, response, channel),
      upgrade: (request, socket, head, channel) => dispatcher.upgrade(request, socket, head, channel),
    },
    async prepare() {
      for (const room of list) await room.prepare?.();
    },
    async started() {
      for (const room of list) await room.started?.();
    },
    announceDrain() {
      draining = true;
    },
    async drain(signal) {
      draining = true;
      const late = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      for (const room of list.toReversed()) {
        try {
          await Promise.race([room.drain?.(signal), late]);
        } catch (error) {
          log.error({ err: error, room: room.name }, `draining failed: ${errorText(error)}`);
        }
      }
    },
  };
}
