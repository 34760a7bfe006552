import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  applyMigration,
  createMigrationsTable,
  readMigrations,
  type Migration,
} from '../database/migrations.ts';
import { ArchiveError, DamagedError } from './archive/error.ts';
import type { DatabaseContent, TableContent } from './contents.ts';
import { listTables, migrationsTable, quoted, textFormat, type Table } from './tables.ts';

/**
 * The migrations that an archive's database had, and those it is still to get.
 * @throws ArchiveError for an archive of a newer release
 */
function sortMigrations(
  { migrations }: DatabaseContent,
  ours: readonly Migration[],
): { readonly before: readonly Migration[]; readonly after: readonly Migration[] } {
  for (const { name, checksum } of migrations) {
    const own = ours.find((migration) => migration.name === name);
    if (!own) {
      throw new ArchiveError(
        `The archive is from a newer release of ServerKit (its database has the migration ${name}, which this release does not know); restore it with that release.`,
      );
    }
    if (own.checksum !== checksum) {
      throw new ArchiveError(
        `The migration ${name} is not the one that the archive's database was made with; restore it with the release that made it.`,
      );
    }
  }
  const had = new Set(migrations.map(({ name }) => name));
  return {
    before: ours.filter(({ name }) => had.has(name)),
    after: ours.filter(({ name }) => !had.has(name)),
  };
}

/**
 * Fills a database with that of an archive, in one transaction of the caller's: until it commits, nothing is there.
 *
 * `begin` makes the tables as they were, `table` fills one, `end` checks that all fits together and brings it to this release.
 */
export class Loader {
  readonly #client: pg.ClientBase;
  readonly #database: DatabaseContent;
  readonly #after: readonly Migration[];
  #tables: readonly Table[] = [];
  #constraints: readonly Constraint[] = [];
  readonly #filled = new Set<string>();

  private constructor(client: pg.ClientBase, database: DatabaseContent, after: readonly Migration[]) {
    this.#client = client;
    this.#database = database;
    this.#after = after;
  }

  /** @throws ArchiveError for an archive of a newer release */
  static async begin(
    client: pg.ClientBase,
    database: DatabaseContent,
    migrations = readMigrations(),
  ): Promise<Loader> {
    const { before, after } = sortMigrations(database, migrations);
    const loader = new Loader(client, database, after);
    await client.query(textFormat);
    await createMigrationsTable(client);
    for (const migration of before) await applyMigration(client, migration);
    // What migrations change of a session is for themselves.
    await client.query(textFormat);
    await loader.#open();
    return loader;
  }

  async #open(): Promise<void> {
    for (const { schema, name, parent, bounds } of this.#database.partitions) {
      await this.#client.query(
        `CREATE TABLE ${quoted({ schema, name })} PARTITION OF ${quoted({ schema, name: parent })} ${bounds}`,
      );
    }
    this.#tables = (await listTables(this.#client)).filter(({ name }) => name !== migrationsTable);
    this.#constraints = await listForeignKeys(this.#client);
    // Migrations leave rows too, and the archive has its own.
    await this.#client.query(`TRUNCATE ${this.#tables.map(quoted).join(', ')}`);
    for (const table of this.#tables) {
      await this.#client.query(`ALTER TABLE ${quoted(table)} DISABLE TRIGGER USER`);
    }
    for (const { table, name } of this.#constraints) {
      await this.#client.query(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} DEFERRABLE INITIALLY DEFERRED`);
    }
  }

  /** @returns false for a table that is not from ServerKit, which is left out */
  async table({ schema, name, columns }: TableContent, rows: AsyncIterable<Buffer>): Promise<boolean> {
    if (!this.#tables.some((table) => table.schema === schema && table.name === name)) return false;
    const table = quoted({ schema, name });
    const list = columns.map((column) => quoted({ schema: null, name: column })).join(', ');
    const target = this.#client.query(copyFrom(`COPY ${table} (${list}) FROM STDIN`));
    await pipeline(Readable.from(rows, { objectMode: false }), target);
    this.#filled.add(table);
    return true;
  }

  /** @throws DamagedError when a table did not come */
  async end(): Promise<void> {
    const missing = this.#tables.map(quoted).filter((table) => !this.#filled.has(table));
    if (missing.length > 0) throw new DamagedError(`${missing.join(', ')} is missing`);
    for (const { schema, name, last } of this.#database.sequences) {
      if (last !== null) {
        await this.#client.query('SELECT setval($1::regclass, $2::bigint)', [quoted({ schema, name }), last]);
      }
    }
    await this.#close();
    for (const migration of this.#after) await applyMigration(this.#client, migration);
  }

  async #close(): Promise<void> {
    await this.#client.query('SET CONSTRAINTS ALL IMMEDIATE');
    for (const { table, name } of this.#constraints) {
      await this.#client.query(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} NOT DEFERRABLE`);
    }
    for (const table of this.#tables) {
      await this.#client.query(`ALTER TABLE ${quoted(table)} ENABLE TRIGGER USER`);
    }
  }
}

interface Constraint {
  /** Both quoted. */
  readonly table: string;
  readonly name: string;
}

/** Tables are filled in no order: what refers to what is checked at the end. */
async function listForeignKeys(client: pg.ClientBase): Promise<Constraint[]> {
  const { rows } = await client.query<Constraint>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name FROM pg_constraint
     JOIN pg_namespace n ON n.oid = connamespace
     WHERE contype = 'f' AND conparentid = 0 AND NOT condeferrable
       AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`,
  );
  return rows;
}
