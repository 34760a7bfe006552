import { join } from 'node:path';
import type { Logger } from 'pino';
import type { App } from './app.ts';
import { hasState } from './backup/restore-state.ts';
import { lockDataDirectory } from './database/data-lock.ts';
import { openDatabase } from './database/database.ts';
import { openRunDirectory, removeRunDirectory } from './database/run-directory.ts';
import type { Environment } from './env.ts';
import { createFrontDoor } from './http/front-door.ts';
import { HostPolicy } from './http/host-policy.ts';
import { Listener } from './http/listener.ts';
import { openTls } from './http/tls.ts';
import { openIdentityKeys } from './secrets/identity-keys.ts';
import { checkVault } from './secrets/vault-check.ts';
import { openVault } from './secrets/vault.ts';
import type { StartupError } from './startup-error.ts';

/** How long (ms) requests in flight may take to finish, and after them the rooms to let go. */
const finishPatience = 3_000;
const drainPatience = 3_000;

export interface Running {
  /** What the ready line prints. */
  readonly url: string;
  /** Tells every room that the port is open. */
  started(): Promise<void>;
  /** Drains, stops and lets go of everything; takes 9 s at most. */
  stop(): Promise<void>;
}

/**
 * Brings the whole control plane up, from the lock on the data directory to the open port. On failure everything
 * opened so far is closed again.
 * @throws StartupError one sentence for the person at the terminal
 */
export async function start(
  env: Environment,
  log: Logger,
  onUsurped: (error: StartupError) => void,
): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const lock = opened.use(lockDataDirectory(env.dataDir));
  const runDirectory = openRunDirectory(lock.directory);
  opened.defer(() => removeRunDirectory(runDirectory));
  if (hasState(lock.directory)) {
    const { settleAtStart } = await import('./backup/settle.ts');
    await settleAtStart(lock.directory, env, log);
  }
  const vault = openVault(lock.directory);
  const keys = openIdentityKeys(lock.directory);

  // Loading the code of the rooms takes as long as starting the database; the two do not wait for each other.
  const loading = import('./app.ts');
  loading.catch(() => {});
  const db = await openDatabase({
    url: env.databaseUrl,
    dataDirectory: lock.directory,
    runDirectory,
    log,
    onUsurped,
  });
  opened.defer(() => db.close());
  await checkVault(db, vault);
  const { createApp } = await loading;

  const tls = await openTls(env, lock.directory, log);
  const localSocket = join(runDirectory, 'agent.sock');
  let port = env.port;
  const frontDoor = createFrontDoor(env, tls, localSocket, () => port);
  const hostPolicy = new HostPolicy({
    publicUrl: env.publicUrl,
    bindHost: env.host,
    certificate: tls?.leaf,
    corsOrigins: env.corsOrigins,
  });
  const app = createApp({ env, log, db, vault, keys, frontDoor }, { hostPolicy });
  const main = new Listener({
    handlers: app.handlers,
    channel: 'main',
    tls: tls && { material: tls.material, minVersion: env.tlsMinVersion },
    log,
  });
  const local = new Listener({ handlers: app.handlers, channel: 'local', log });
  opened.defer(() => closeDoors(app, [main, local]));

  await app.prepare();
  await local.listen({ path: localSocket });
  port = await main.listen({ host: env.host, port: env.port });
  const watching = new AbortController();
  opened.defer(() => watching.abort());
  tls?.watch(watching.signal, (material) => main.setCertificate(material));

  const rest = opened.move();
  return { url: frontDoor.localUrl(), started: () => app.started(), stop: () => rest.disposeAsync() };
}

/** First what was asked is answered, while agents are still linked; then rooms let go; then whatever is left is cut. */
async function closeDoors(app: App, doors: readonly Listener[]): Promise<void> {
  app.announceDrain();
  const answering = AbortSignal.timeout(finishPatience);
  await Promise.all(doors.map((door) => door.finish(answering)));
  await app.drain(AbortSignal.timeout(drainPatience));
  for (const door of doors) door.destroy();
}
