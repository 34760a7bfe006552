import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Environment } from '../env.ts';
import { errorText, StartupError } from '../startup-error.ts';
import { clusterUser } from './cluster.ts';
import { DataDirectoryInUse, lockDataDirectory } from './data-lock.ts';
import { embeddedPort, openEmbedded } from './embedded.ts';
import { checkExternal, externalConnection } from './external.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { openRunDirectory, removeRunDirectory } from './run-directory.ts';

/** The database for the length of a command, whether ServerKit runs meanwhile or not. */
export interface BorrowedDatabase extends AsyncDisposable {
  readonly client: pg.Client;
}

/**
 * Opens one connection to the database of an installation. A running ServerKit goes on; where none runs, its database is
 * started, and stopped again in the end.
 * @throws StartupError when there is none, or it cannot be reached
 */
export async function borrowDatabase(
  { databaseUrl, dataDir }: Pick<Environment, 'databaseUrl' | 'dataDir'>,
  log: Logger,
): Promise<BorrowedDatabase> {
  if (databaseUrl !== undefined) {
    await checkExternal(databaseUrl);
    return connected(externalConnection(databaseUrl), new AsyncDisposableStack());
  }
  // Opening one would make one.
  if (!existsSync(join(dataDir, 'pg'))) {
    throw new StartupError(
      `There is no database in ${dataDir}; set SERVERKIT_DATA_DIR to the data directory of your ServerKit, or DATABASE_URL to its database.`,
    );
  }
  await using opened = new AsyncDisposableStack();
  let lock;
  try {
    lock = opened.use(lockDataDirectory(dataDir));
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    const socket = runningSocket(dataDir);
    if (socket === undefined) throw error;
    return await connected({ ...ours, host: socket }, new AsyncDisposableStack());
  }
  const runDirectory = openRunDirectory(lock.directory);
  opened.defer(() => removeRunDirectory(runDirectory));
  const server = await openEmbedded(lock.directory, runDirectory, log);
  opened.defer(() => server.stop());
  await server.ensureRunning();
  return await connected(server.connection, opened.move());
}

const ours: pg.ClientConfig = { port: embeddedPort, user: clusterUser, database: 'postgres' };

/** Where the database of a running ServerKit listens. */
function runningSocket(dataDirectory: string): string | undefined {
  const parent = join(dataDirectory, 'pg');
  return readdirSync(parent)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readPostmasterFile(join(parent, name))?.socketDirectory)
    .find((socket) => socket !== undefined && socket !== '');
}

async function connected(
  connection: pg.ClientConfig,
  opened: AsyncDisposableStack,
): Promise<BorrowedDatabase> {
  const client = new pg.Client({ ...connection, application_name: 'serverkit-command' });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (cause) {
    await opened.disposeAsync();
    throw new StartupError(
      `The database cannot be reached (${errorText(cause)}); run this as the user that ServerKit runs as.`,
      { cause },
    );
  }
  opened.defer(() => client.end());
  return { client, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
