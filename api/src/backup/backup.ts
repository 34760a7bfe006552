import type pg from 'pg';
import type { Logger } from 'pino';
import { borrowDatabase } from '../database/borrow.ts';
import type { Environment } from '../env.ts';
import { productVersion } from '../release.ts';
import { fits, settingKey } from '../secrets/vault-check.ts';
import { openVault } from '../secrets/vault.ts';
import { writeArchive } from './archive/archive.ts';
import { ArchiveError } from './archive/error.ts';
import type { Section } from './archive/sections.ts';
import { dumpTables, takeSnapshot, type Snapshot } from './dump.ts';
import { dumpKeys } from './key-directory.ts';
import { hasState } from './restore-state.ts';

export interface BackupResult {
  /** Of the archive, in bytes. */
  readonly size: number;
  readonly tables: number;
}

/**
 * Puts everything that must survive into one file: the database as it is at this moment, and the keys that agents, users
 * and secrets hang on. ServerKit may run meanwhile.
 * @param path - of the archive, which must not exist yet
 * @throws StartupError one sentence on why there is no archive
 */
export async function backUp(
  env: Pick<Environment, 'databaseUrl' | 'dataDir'>,
  path: string,
  passphrase: string,
  log: Logger,
): Promise<BackupResult> {
  if (hasState(env.dataDir)) {
    throw new ArchiveError(
      `A restore into ${env.dataDir} was interrupted; start ServerKit once, which finishes or undoes it.`,
    );
  }
  const keys = [...dumpKeys(env.dataDir)];
  await using database = await borrowDatabase(env, log);
  const { client } = database;
  const snapshot = await takeSnapshot(client);
  await refuseOthersKeys(client, env.dataDir);
  const about = {
    product: productVersion,
    migration: snapshot.database.migrations.at(-1)?.name ?? '',
    createdAt: new Date().toISOString(),
  };
  const size = await writeArchive(path, passphrase, { about, sections: sections(keys, client, snapshot) });
  return { size, tables: snapshot.tables.length };
}

function* sections(keys: readonly Section[], client: pg.ClientBase, snapshot: Snapshot): Generator<Section> {
  yield* keys;
  yield { about: snapshot.database, body: [] };
  yield* dumpTables(client, snapshot);
}

/** Keys that do not belong to the database would make an archive that restores to nothing. */
async function refuseOthersKeys(client: pg.ClientBase, dataDirectory: string): Promise<void> {
  const { rows } = await client.query<{ value: unknown }>('SELECT "value" FROM "Setting" WHERE "key" = $1', [
    settingKey,
  ]);
  if (!rows[0] || fits(openVault(dataDirectory), rows[0].value)) return;
  throw new ArchiveError(
    `The database was written with other keys than those in ${dataDirectory}; set SERVERKIT_DATA_DIR to the data directory that belongs to it.`,
  );
}
