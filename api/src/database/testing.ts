import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import pino, { type Logger } from 'pino';
import { layDatabase } from '../../../testing/laid-database.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { clusterUser } from './cluster.ts';
import { openDatabase, type Database, type DatabaseOptions } from './database.ts';
import { migrationsDirectory } from './migrations.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { openRunDirectory, removeRunDirectory } from './run-directory.ts';

/** A data directory of a test's own; disposing of it also ends a database that the test left running in it. */
export interface TestDataDirectory extends AsyncDisposable {
  readonly path: string;
  readonly runDirectory: string;
  readonly temp: TempDir;
}

export async function testDataDirectory(): Promise<TestDataDirectory> {
  const temp = await tempDir();
  const path = temp.file('data');
  mkdirSync(path, { mode: 0o700 });
  const runDirectory = openRunDirectory(path);
  return {
    path,
    runDirectory,
    temp,
    async [Symbol.asyncDispose]() {
      killDatabase(path);
      removeRunDirectory(runDirectory);
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** Connections to the embedded database that a running ServerKit has in this data directory. @throws when none runs */
export function connectToDatabase(dataDirectory: string): pg.Pool {
  const socket = readPostmasterFile(join(dataDirectory, 'pg', '18'))?.socketDirectory;
  if (socket === undefined) throw new Error(`no database runs in ${dataDirectory}`);
  return new pg.Pool({ host: socket, user: clusterUser, database: 'postgres', max: 1 });
}

/** Connections to a database of somebody else's. */
export function connectToExternal(url: string): pg.Pool {
  return new pg.Pool({ connectionString: url, max: 1 });
}

/** SIGKILL to the postmaster of a data directory, if there is one. */
export function killDatabase(dataDirectory: string): number | undefined {
  const pid = readPostmasterFile(join(dataDirectory, 'pg', '18'))?.pid;
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    return undefined;
  }
  return pid;
}

/** Migrations of a test's own: `{ '0001_a': 'CREATE TABLE …' }`. */
export function writeMigrations(directory: string, migrations: Readonly<Record<string, string>>): string {
  mkdirSync(directory, { recursive: true });
  for (const [name, sql] of Object.entries(migrations)) {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'migration.sql'), sql);
  }
  return directory;
}

export const quiet: Logger = pino({ level: 'silent' });

/** Opens a database in a test's directory, empty unless the test says otherwise. */
export function openTestDatabase(
  data: TestDataDirectory,
  options: Partial<DatabaseOptions> = {},
): Promise<Database> {
  return openDatabase({
    url: undefined,
    dataDirectory: data.path,
    runDirectory: data.runDirectory,
    log: quiet,
    migrations: writeMigrations(data.temp.file('migrations'), {}),
    onUsurped: (error) => {
      throw error;
    },
    ...options,
  });
}

/** Opens a database of this release in a test's directory: what is there, else an empty one. */
export async function openReleaseDatabase(
  data: TestDataDirectory,
  options: Partial<DatabaseOptions> = {},
): Promise<Database> {
  await layDatabase(data.path);
  return openTestDatabase(data, { ...options, migrations: migrationsDirectory });
}
