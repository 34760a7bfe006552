import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Section } from './archive/sections.ts';
import type { DatabaseContent, TableContent } from './contents.ts';
import {
  listPartitions,
  listSequences,
  listTables,
  migrationsTable,
  quoted,
  textFormat,
  type Table,
} from './tables.ts';
import { ArchiveError } from './archive/error.ts';

/** How long (ms) to wait for somebody who changes a table. */
const lockPatience = 30_000;

/** All of a database at one moment. */
export interface Snapshot {
  readonly database: DatabaseContent;
  readonly tables: readonly Table[];
}

/**
 * Holds on to the database as it is now, until the transaction ends: others go on, but no table is dropped meanwhile.
 * @param client - a session of one's own
 */
export async function takeSnapshot(client: pg.ClientBase): Promise<Snapshot> {
  await client.query(textFormat);
  const known = await listTables(client);
  if (!known.some(({ schema, name }) => schema === null && name === migrationsTable)) {
    throw new ArchiveError('The database holds no ServerKit yet; start it once before you make a backup.');
  }
  // Locks come before the snapshot: what is dropped in between would look empty, not gone.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`SET LOCAL lock_timeout = ${lockPatience}`);
  await client.query(`LOCK TABLE ${known.map(quoted).join(', ')} IN ACCESS SHARE MODE`);
  const tables = await listTables(client);
  if (JSON.stringify(tables) !== JSON.stringify(known)) {
    throw new ArchiveError('ServerKit was updated at this very moment; run the backup again.');
  }
  const { rows: migrations } = await client.query<DatabaseContent['migrations'][number]>(
    `SELECT migration_name AS name, checksum FROM ${migrationsTable}
     WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL ORDER BY migration_name`,
  );
  const partitions = await listPartitions(client);
  const sequences = await listSequences(client);
  return {
    database: { kind: 'database', migrations, partitions, sequences },
    tables: tables.filter(({ name }) => name !== migrationsTable),
  };
}

/**
 * The rows of every table in PostgreSQL's text format, which all of its versions read.
 * @yields a section for each table, to be read before the next one
 */
export function* dumpTables(client: pg.ClientBase, { tables }: Snapshot): Generator<Section> {
  for (const { schema, name, columns } of tables) {
    const about: TableContent = { kind: 'table', schema, name, columns: [...columns] };
    const list = columns.map((column) => quoted({ schema: null, name: column })).join(', ');
    // A partitioned table can be asked, but not copied.
    yield {
      about,
      body: client.query(copyTo(`COPY (SELECT ${list} FROM ${quoted({ schema, name })}) TO STDOUT`)),
    };
  }
}
