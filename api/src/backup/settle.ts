import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import { openEmbedded } from '../database/embedded.ts';
import { checkExternal, externalConnection } from '../database/external.ts';
import { openRunDirectory, removeRunDirectory } from '../database/run-directory.ts';
import type { Environment } from '../env.ts';
import { errorCode } from '../startup-error.ts';
import { ArchiveError } from './archive/error.ts';
import { discard, finish, forget, isOccupied, readState, stagingDirectory } from './restore-state.ts';

/** Setting of a restored database that names the restore it came from. */
export const restoreSetting = 'restore.last';

/**
 * Finishes or undoes a restore whose process ended before its end.
 * @param dataDirectory - locked by the caller
 * @returns `empty` when it was undone and there is nothing else: what is here now is no ServerKit
 * @throws StartupError when that cannot be told
 */
export async function settle(
  dataDirectory: string,
  { databaseUrl }: Pick<Environment, 'databaseUrl'>,
  log: Logger,
): Promise<'nothing' | 'finished' | 'undone' | 'empty'> {
  const state = readState(dataDirectory);
  if (!state) return 'nothing';
  if (
    state.phase === 'switching' ||
    (state.phase === 'committing' && (await isCommitted(databaseUrl, state.id)))
  ) {
    finish(dataDirectory, state);
    return 'finished';
  }
  await endStagedDatabase(dataDirectory, log);
  discard(dataDirectory);
  if (!isOccupied(dataDirectory)) return 'empty';
  forget(dataDirectory);
  return 'undone';
}

/**
 * What a start does about a restore that did not end.
 * @throws StartupError when there is nothing to start
 */
export async function settleAtStart(
  dataDirectory: string,
  env: Pick<Environment, 'databaseUrl'>,
  log: Logger,
): Promise<void> {
  const outcome = await settle(dataDirectory, env, log);
  if (outcome === 'finished') log.warn('finished a restore that was interrupted');
  if (outcome === 'undone') log.warn('undid a restore that was interrupted; run it again');
  if (outcome === 'empty') {
    throw new ArchiveError(
      `A restore into ${dataDirectory} was interrupted and left nothing; run it again, or delete ${join(dataDirectory, 'restore.json')} to begin without a backup.`,
    );
  }
}

async function isCommitted(url: string | undefined, id: string): Promise<boolean> {
  if (url === undefined) {
    throw new ArchiveError(
      'A restore into an external database was interrupted; set DATABASE_URL as it was then, so that it can be finished.',
    );
  }
  await checkExternal(url);
  const client = new pg.Client(externalConnection(url));
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `SELECT "value"->>'id' AS id FROM "Setting" WHERE "key" = $1`,
      [restoreSetting],
    );
    return rows[0]?.id === id;
  } catch (error) {
    // undefined_table: the transaction that makes it was not committed.
    if (errorCode(error) === '42P01') return false;
    throw error;
  } finally {
    await client.end();
  }
}

/** A restore that was killed leaves its database running. */
async function endStagedDatabase(dataDirectory: string, log: Logger): Promise<void> {
  const staging = stagingDirectory(dataDirectory);
  const pgDirectory = join(staging, 'pg');
  if (!existsSync(pgDirectory)) return;
  const runs = readdirSync(pgDirectory).some((name) => existsSync(join(pgDirectory, name, 'postmaster.pid')));
  if (!runs) return;
  const runDirectory = openRunDirectory(staging);
  try {
    await (await openEmbedded(staging, runDirectory, log)).stop();
  } finally {
    removeRunDirectory(runDirectory);
  }
}
