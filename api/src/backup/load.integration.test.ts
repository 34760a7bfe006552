import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPartitions } from '../metrics/partitions.ts';
import type { Database } from '../database/database.ts';
import { migrate, readMigrations } from '../database/migrations.ts';
import {
  connectToDatabase,
  openReleaseDatabase,
  testDataDirectory,
  type TestDataDirectory,
  writeMigrations,
} from '../database/testing.ts';
import type { Section } from './archive/sections.ts';
import { contents } from './contents.ts';
import { dumpTables, takeSnapshot, type Snapshot } from './dump.ts';
import { Loader } from './load.ts';
import { listSequences, listTables, quoted } from './tables.ts';

/** Rows with everything that text could get wrong, and with references in every direction. */
const rows = `
  INSERT INTO "User" ("id", "email", "name", "role", "updatedAt") VALUES
    ('usr_1', 'ada@example.com', E'tab\\tline\\nback\\\\slash \\\\N \\\\.', 'admin', now()),
    ('usr_2', 'bob@example.com', '', 'viewer', '2026-01-01T00:00:00.123Z');
  INSERT INTO "ServerGroup" ("id", "name", "colour", "icon", "updatedAt", "parentId") VALUES
    ('grp_child', 'c', 'red', 'x', now(), NULL), ('grp_parent', 'ü 😀', 'red', 'x', now(), NULL);
  UPDATE "ServerGroup" SET "parentId" = 'grp_parent' WHERE "id" = 'grp_child';
  INSERT INTO "Server" ("id", "name", "tags", "permissionProfile", "scopes", "localScopes", "agentKey", "facts", "groupId",
      "updatedAt", "createdById") VALUES
    ('srv_1', 'web', '{"a,b","c\\"d",NULL}', 'full', '{}', '{x}', '\\x00ff0a', '{"n": 1e400, "t": "\\u2028"}', 'grp_child', now(), 'usr_1');
  INSERT INTO "AuditEvent" ("actorKind", "actorLabel", "action", "outcome", "parameters") VALUES
    ('system', '', 'a.b', 'ok', '{"zeta": 1, "alpha": 2}'), ('system', '', 'a.b', 'ok', 'null');
  INSERT INTO metrics.rollup_6h (at, memory_total, memory_used_min, memory_used_avg, memory_used_max, swap_used_min,
      swap_used_avg, swap_used_max, server_number, samples, cpu_min, cpu_avg, cpu_max, load1_min, load1_avg, load1_max,
      network_received_min, network_received_avg, network_received_max, network_sent_min, network_sent_avg,
      network_sent_max, disk_read_min, disk_read_avg, disk_read_max, disk_written_min, disk_written_avg,
      disk_written_max, disk_samples, docker_samples)
    SELECT now() - n * interval '1 hour', 9223372036854775807, 0, 0.1::float8 + 0.2, 1, 0, 1e-300, 0, 1, 1,
      'NaN', 0.1, 'Infinity', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 FROM generate_series(0, 9) AS n;
`;

function isOf(about: unknown, table: string): boolean {
  const content = contents.parse(about);
  return content.kind === 'table' && content.name === table;
}

/** Every row of every table, as text. */
async function contentOf(client: pg.ClientBase): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  await client.query(`SET TIME ZONE 'UTC'; SET bytea_output = 'hex'`);
  for (const table of await listTables(client)) {
    if (table.name === '_prisma_migrations') continue;
    const found = await client.query<{ row: string }>(
      `SELECT t::text AS row FROM ${quoted(table)} AS t ORDER BY t::text COLLATE "C"`,
    );
    content[quoted(table)] = found.rows.map(({ row }) => row);
  }
  return content;
}

describe('a database', () => {
  let data: TestDataDirectory;
  let db: Database;
  let source: pg.Client;
  beforeAll(async () => {
    data = await testDataDirectory();
    db = await openReleaseDatabase(data);
    await createPartitions(db.pool, Date.now());
    await db.pool.query(rows);
    source = await connect('postgres');
  });
  afterAll(async () => {
    await source.end();
    await db.close();
    await data[Symbol.asyncDispose]();
  });

  let databases = 0;
  async function connect(name: string): Promise<pg.Client> {
    const { host, port, user } = connectToDatabase(data.path).options;
    const client = new pg.Client({ host, port, user, database: name });
    await client.connect();
    return client;
  }
  /** An empty database on the same server. */
  async function emptyDatabase(): Promise<pg.Client> {
    const name = `copy_${(databases += 1)}`;
    await db.pool.query(`CREATE DATABASE ${name}`);
    return connect(name);
  }

  interface Dumped {
    readonly snapshot: Snapshot;
    readonly tables: readonly Section[];
  }

  async function dump(client = source): Promise<Dumped> {
    const snapshot = await takeSnapshot(client);
    const tables: Section[] = [];
    for (const { about, body } of dumpTables(client, snapshot)) {
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      tables.push({ about, body: parts });
    }
    await client.query('COMMIT');
    return { snapshot, tables };
  }

  async function load(
    client: pg.Client,
    { snapshot, tables }: Dumped,
    migrations = readMigrations(),
  ): Promise<string[]> {
    const leftOut: string[] = [];
    await client.query('BEGIN');
    const loader = await Loader.begin(client, snapshot.database, migrations);
    for (const { about, body } of tables) {
      const content = contents.parse(about);
      if (content.kind !== 'table') throw new Error('not a table');
      const bytes = (async function* () {
        for await (const part of body) yield Buffer.from(part);
      })();
      if (!(await loader.table(content, bytes))) leftOut.push(content.name);
    }
    await loader.end();
    await client.query('COMMIT');
    return leftOut;
  }

  it('is the same again, row by row, in every table', async () => {
    const target = await emptyDatabase();
    const expected = await contentOf(source);
    // What was written above is in there, so that this compares something.
    expect(expected['"AuditEvent"']).toHaveLength(2);
    expect(expected['"metrics"."rollup_6h"']).toHaveLength(10);
    expect(expected['"audit"."pending"']).toHaveLength(2);
    await load(target, await dump());
    expect(await contentOf(target)).toEqual(expected);
    await target.end();
  });

  it('has the same partitions, sequences, constraints, triggers and migrations', async () => {
    const target = await emptyDatabase();
    await load(target, await dump());
    const parts = [
      `SELECT inhrelid::regclass::text AS part, pg_get_expr(relpartbound, oid) AS bounds
       FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE relkind = 'r' ORDER BY 1`,
      `SELECT conrelid::regclass::text, conname, condeferrable, convalidated, pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace <> 'pg_catalog'::regnamespace ORDER BY 1, 2`,
      `SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`,
      `SELECT indexdef FROM pg_indexes WHERE schemaname NOT LIKE 'pg%' ORDER BY 1`,
      `SELECT migration_name, checksum, finished_at IS NOT NULL FROM _prisma_migrations ORDER BY 1`,
    ];
    for (const part of parts) {
      const expected = await source.query(part);
      expect(expected.rows.length).toBeGreaterThan(0);
      expect((await target.query(part)).rows).toEqual(expected.rows);
    }
    const sequences = await listSequences(source);
    expect(sequences.find(({ name }) => name === 'AuditEvent_id_seq')?.last).toBe('2');
    expect(await listSequences(target)).toEqual(sequences);
    await target.end();
  });

  it('is as it was at one moment, whatever is written meanwhile', async () => {
    const expected = await contentOf(source);
    const snapshot = await takeSnapshot(source);
    await db.pool.query(`DELETE FROM "AuditEvent"; UPDATE "Server" SET "name" = 'other'`);
    const late: Section[] = [];
    for (const { about, body } of dumpTables(source, snapshot)) {
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      late.push({ about, body: parts });
    }
    await source.query('COMMIT');
    const target = await emptyDatabase();
    await load(target, { snapshot, tables: late });
    expect(await contentOf(target)).toEqual(expected);
    await target.end();
  });

  describe('of another release', () => {
    const first = {
      '0001_first': `CREATE TABLE things (id serial PRIMARY KEY, name text); CREATE SCHEMA more;`,
    };
    const second = {
      '0002_second': `CREATE TABLE more.later (thing int REFERENCES things, doubled int GENERATED ALWAYS AS (thing * 2) STORED);
        INSERT INTO things (name) VALUES ('made by a migration');`,
    };
    const written = (name: string, migrations: Record<string, string>) =>
      writeMigrations(data.temp.file(name), migrations);

    async function made(migrations: string, sql: string): Promise<pg.Client> {
      const client = await emptyDatabase();
      await migrate(client, migrations);
      await client.query(sql);
      return client;
    }

    it('with a table that is new in it, loses nothing', async () => {
      const both = written('both', { ...first, ...second });
      const from = await made(
        both,
        `INSERT INTO things (name) VALUES ('a'); INSERT INTO more.later (thing) VALUES (1)`,
      );
      const target = await emptyDatabase();
      await load(target, await dump(from), readMigrations(both));
      expect(await contentOf(target)).toEqual(await contentOf(from));
      expect((await contentOf(target))['"more"."later"']).toEqual(['(1,2)']);
      await from.end();
      await target.end();
    });

    it('that is older, is brought to this one', async () => {
      const old = written('old', first);
      const from = await made(old, `INSERT INTO things (name) VALUES ('a')`);
      const target = await emptyDatabase();
      await load(target, await dump(from), readMigrations(written('new', { ...first, ...second })));
      expect(await contentOf(target)).toEqual({
        '"things"': ['(1,a)', '(2,"made by a migration")'],
        '"more"."later"': [],
      });
      await from.end();
      await target.end();
    });

    it('that is newer, is refused', async () => {
      const from = await made(written('newer', { ...first, ...second }), 'SELECT');
      const target = await emptyDatabase();
      await expect(load(target, await dump(from), readMigrations(written('older', first)))).rejects.toThrow(
        /^The archive is from a newer release of ServerKit \(its database has the migration 0002_second, /,
      );
      await from.end();
      await target.end();
    });

    it('leaves out what is not from ServerKit', async () => {
      const old = written('plain', first);
      const from = await made(old, `CREATE TABLE somebodys (n int)`);
      const target = await emptyDatabase();
      expect(await load(target, await dump(from), readMigrations(old))).toEqual(['somebodys']);
      await from.end();
      await target.end();
    });
  });

  it('that lacks a table is refused', async () => {
    const target = await emptyDatabase();
    const { snapshot, tables } = await dump();
    await expect(load(target, { snapshot, tables: tables.slice(1) })).rejects.toThrow(
      /^The archive is damaged: .* is missing; use another one\.$/,
    );
    await target.end();
  });

  it('whose rows do not fit together is refused', async () => {
    const target = await emptyDatabase();
    const { snapshot, tables } = await dump();
    const without = tables.filter(({ about }) => !isOf(about, 'User'));
    without.push({ about: tables.find(({ about }) => isOf(about, 'User'))?.about, body: [] });
    await expect(load(target, { snapshot, tables: without })).rejects.toThrow(/foreign key constraint/);
    await target.end();
  });
});
