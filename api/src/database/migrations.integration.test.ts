import { rmSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded, type EmbeddedServer } from './embedded.ts';
import { migrate } from './migrations.ts';
import { quiet, testDataDirectory, writeMigrations, type TestDataDirectory } from './testing.ts';

let data: TestDataDirectory;
let server: EmbeddedServer;

beforeAll(async () => {
  data = await testDataDirectory();
  server = await openEmbedded(data.path, data.runDirectory, quiet);
  await server.ensureRunning();
});

afterAll(async () => {
  await server.stop();
  await data[Symbol.asyncDispose]();
});

interface Fresh extends AsyncDisposable {
  readonly client: pg.Client;
  directory(migrations: Record<string, string>): string;
}

let count = 0;

/** A database and a migrations directory of a test's own. */
const fresh = async (): Promise<Fresh> => {
  const name = `fresh_${++count}`;
  const admin = new pg.Client(server.connection);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const client = new pg.Client({ ...server.connection, database: name });
  await client.connect();
  const directory = data.temp.file(name);
  return {
    client,
    directory(migrations) {
      rmSync(directory, { recursive: true, force: true });
      return writeMigrations(directory, migrations);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
};

const one = { '0001_a': 'CREATE TABLE a (x int)' };
const two = { ...one, '0002_b': 'ALTER TABLE a ADD COLUMN y text; CREATE TABLE b (x int)' };

describe('migrate', () => {
  it('applies what is new, in order, once', async () => {
    await using db = await fresh();
    expect(await migrate(db.client, db.directory(one))).toEqual(['0001_a']);
    expect(await migrate(db.client, db.directory(two))).toEqual(['0002_b']);
    expect(await migrate(db.client, db.directory(two))).toEqual([]);
    await db.client.query(`INSERT INTO a VALUES (1, 'y')`);
  });

  it('records what Prisma would record', async () => {
    await using db = await fresh();
    await migrate(db.client, db.directory(one));
    const { rows } = await db.client.query('SELECT * FROM _prisma_migrations');
    expect(rows).toMatchObject([
      {
        // printf 'CREATE TABLE a (x int)' | sha256sum
        checksum: '7524cc3eace978461041598ebc4048686550cedb53b2c1c1a392caa838e1692f',
        migration_name: '0001_a',
        logs: null,
        rolled_back_at: null,
        applied_steps_count: 1,
      },
    ]);
  });

  it('leaves nothing of a migration that fails half-way, and goes on once it is mended', async () => {
    await using db = await fresh();
    const broken = { ...one, '0002_b': 'CREATE TABLE b (x int); INSERT INTO nowhere VALUES (1)' };
    await expect(migrate(db.client, db.directory(broken))).rejects.toThrow(
      'The migration 0002_b failed and was undone: relation "nowhere" does not exist.',
    );
    const { rows } = await db.client.query(
      `SELECT to_regclass('b') AS b, count(*)::int AS n FROM _prisma_migrations`,
    );
    expect(rows).toEqual([{ b: null, n: 1 }]);
    expect(await migrate(db.client, db.directory(two))).toEqual(['0002_b']);
  });

  it('refuses data of a newer release', async () => {
    await using db = await fresh();
    await migrate(db.client, db.directory(two));
    await expect(migrate(db.client, db.directory(one))).rejects.toThrow(
      /^The database was used by a newer release of ServerKit \(it has the migration 0002_b, .*\.$/,
    );
  });

  it('refuses a migration that was edited after it was applied', async () => {
    await using db = await fresh();
    await migrate(db.client, db.directory(one));
    await expect(migrate(db.client, db.directory({ '0001_a': 'CREATE TABLE a (x bigint)' }))).rejects.toThrow(
      /^The migration 0001_a is not the one this database was made with; .*\.$/,
    );
  });

  it('refuses a database of someone else, and leaves it alone', async () => {
    await using db = await fresh();
    await db.client.query('CREATE TABLE theirs (x int)');
    await expect(migrate(db.client, db.directory(one))).rejects.toThrow(
      /already holds tables that are not from/,
    );
    const { rows } = await db.client.query(`SELECT to_regclass('_prisma_migrations') AS ours`);
    expect(rows).toEqual([{ ours: null }]);
  });

  it('refuses what another tool left half-way', async () => {
    await using db = await fresh();
    await migrate(db.client, db.directory(one));
    await db.client.query('UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(db.client, db.directory(one))).rejects.toThrow(/left half-way by another tool/);
  });

  it('applies each migration once when two start together', async () => {
    await using db = await fresh();
    const other = new pg.Client({ ...server.connection, database: db.client.database ?? '' });
    await other.connect();
    const directory = db.directory(two);
    const applied = await Promise.all([migrate(db.client, directory), migrate(other, directory)]);
    await other.end();
    expect(applied.flat().toSorted()).toEqual(['0001_a', '0002_b']);
  });
});
