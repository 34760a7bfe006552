import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { errorText, StartupError } from '../startup-error.ts';

/** The SQL of this release. */
export const migrationsDirectory = fileURLToPath(
  new URL('migrations/', import.meta.resolve('@serverkit/prisma/package.json')),
);

/** The advisory lock that Prisma's own tool takes, so that the two exclude each other. */
const prismaLock = 72_707_369;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, as Prisma computes it. */
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/**
 * Brings the database to this release, in Prisma's own table format so that its tools go on working. Each migration
 * and its record are one transaction: a failure leaves neither.
 * @param client - one session of its own, not a pool
 * @returns the names of the migrations that were applied now
 * @throws StartupError when the data is newer than this release, a migration was edited after it was applied, the
 *   database holds something else, or a migration fails
 */
export async function migrate(client: pg.ClientBase, directory = migrationsDirectory): Promise<string[]> {
  await client.query(`SET lock_timeout = '15s'`);
  await client.query('SELECT pg_advisory_lock($1)', [prismaLock]);
  try {
    await createTable(client);
    const migrations = readMigrations(directory);
    const applied = await readApplied(client);
    check(migrations, applied);
    const pending = migrations.filter(({ name }) => !applied.some((row) => row.migration_name === name));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [prismaLock]).catch(() => {});
    await client.query('RESET lock_timeout').catch(() => {});
  }
}

/**
 * Whether a database is of this very release, for a command that does not bring it there.
 * @throws StartupError when it is not
 */
export async function requireThisRelease(client: pg.ClientBase): Promise<void> {
  const applied = await readApplied(client).catch(() => []);
  const migrations = readMigrations();
  check(migrations, applied);
  if (migrations.length === applied.length) return;
  throw new StartupError(
    'The database is not of this release yet; start ServerKit once, which brings it there, and run this again.',
  );
}

async function createTable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ ours: boolean; others: boolean }>(
    `SELECT bool_or(tablename = '_prisma_migrations') AS ours, count(*) > 0 AS others
     FROM pg_tables WHERE schemaname = current_schema()`,
  );
  if (rows[0]?.ours) return;
  if (rows[0]?.others) {
    throw new StartupError(
      'The database already holds tables that are not from ServerKit; give ServerKit an empty database of its own.',
    );
  }
  await createMigrationsTable(client);
}

/** As Prisma would. */
export async function createMigrationsTable(client: pg.ClientBase): Promise<void> {
  await client.query(`CREATE TABLE _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`);
}

async function readApplied(client: pg.ClientBase): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  return rows;
}

/** What this release has, in the order it is applied. */
export function readMigrations(directory = migrationsDirectory): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const bytes = readFileSync(join(directory, name, 'migration.sql'));
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function check(migrations: readonly Migration[], applied: readonly Applied[]): void {
  for (const row of applied) {
    const name = row.migration_name;
    const ours = migrations.find((migration) => migration.name === name);
    if (!ours) {
      throw new StartupError(
        `The database was used by a newer release of ServerKit (it has the migration ${name}, which this release does not know); start that release or restore a backup from before it.`,
      );
    }
    if (row.finished_at === null) {
      throw new StartupError(
        `The migration ${name} was left half-way by another tool; restore a backup or repair it with "prisma migrate resolve".`,
      );
    }
    if (row.checksum !== ours.checksum) {
      throw new StartupError(
        `The migration ${name} is not the one this database was made with; restore the file that shipped with the release.`,
      );
    }
  }
}

/** Applies one and puts it on record, in a transaction of the caller's. */
export async function applyMigration(
  client: pg.ClientBase,
  { name, sql, checksum }: Migration,
): Promise<void> {
  const startedAt = new Date();
  await client.query(sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
    [randomUUID(), checksum, name, startedAt],
  );
}

async function apply(client: pg.ClientBase, migration: Migration): Promise<void> {
  const { name } = migration;
  try {
    await client.query('BEGIN');
    await applyMigration(client, migration);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw new StartupError(
      `The migration ${name} failed and was undone: ${errorText(error).replace(/\.$/, '')}.`,
      {
        cause: error,
      },
    );
  }
}
