import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainEnv, startProcess } from '../../../testing/processes.ts';
import { migrationsDirectory } from '../database/migrations.ts';
import { hasEnded, readPostmasterFile } from '../database/postmaster-file.ts';
import { openRunDirectory, removeRunDirectory } from '../database/run-directory.ts';
import {
  connectToDatabase,
  openReleaseDatabase,
  openTestDatabase,
  quiet,
  testDataDirectory,
  type TestDataDirectory,
} from '../database/testing.ts';
import { openIdentityKeys } from '../secrets/identity-keys.ts';
import { sealContext } from '../secrets/service.ts';
import { checkVault } from '../secrets/vault-check.ts';
import { openVault } from '../secrets/vault.ts';
import { backUp } from './backup.ts';
import { restore } from './restore.ts';
import { settle, settleAtStart } from './settle.ts';

const restorer = new URL('./testing-restorer.ts', import.meta.url).pathname;

const passphrase = 'a passphrase that nobody guesses';

let data: TestDataDirectory;
let archive: string;
/** On a server that goes on meanwhile, which plays the part of the one that DATABASE_URL names. */
let outside: TestDataDirectory;
let stopOutside: () => Promise<void>;

beforeAll(async () => {
  data = await testDataDirectory();
  const db = await openReleaseDatabase(data);
  await checkVault(db, openVault(data.path));
  openIdentityKeys(data.path);
  await db.pool.query(
    `INSERT INTO "User" ("id", "email", "name", "role", "updatedAt") VALUES ('usr_1', 'ada@example.com', 'Ada', 'admin', now());
     INSERT INTO "PasswordReset" ("id", "userId", "linkHash", "createdById", "expiresAt")
       VALUES ('rst_1', 'usr_1', '\\x00', 'usr_1', now() + interval '1 day')`,
  );
  const secret = { id: 'sct_1', name: 'db_password' };
  const sealedValue = new Uint8Array(openVault(data.path).seal(Buffer.from('kept'), sealContext(secret)));
  await db.prisma.secret.create({
    data: { ...secret, description: '', sealedValue, everywhereName: secret.name },
  });
  await db.close();
  archive = data.temp.file('archive');
  await backUp({ databaseUrl: undefined, dataDir: data.path }, archive, passphrase, quiet);
  outside = await testDataDirectory();
  const other = await openTestDatabase(outside);
  stopOutside = () => other.close();
});
afterAll(async () => {
  await stopOutside();
  await outside[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

let directories = 0;
/** A data directory with another ServerKit in it, as far as a restore looks. */
function occupied(): string {
  const directory = data.temp.file(`target-${(directories += 1)}`);
  mkdirSync(join(directory, 'keys'), { recursive: true });
  writeFileSync(join(directory, 'keys', 'master.key'), 'old');
  mkdirSync(join(directory, 'audit'));
  return directory;
}

function empty(): string {
  return data.temp.file(`target-${(directories += 1)}`);
}

const masterKey = (directory: string): string => readFileSync(join(directory, 'keys', 'master.key'), 'utf8');

async function emptyDatabase(): Promise<string> {
  const pool = connectToDatabase(outside.path);
  const name = `target_${(directories += 1)}`;
  await pool.query(`CREATE DATABASE ${name}`);
  const { host, user } = pool.options;
  await pool.end();
  return `postgresql://${user}@localhost:5432/${name}?host=${encodeURIComponent(String(host))}`;
}

async function emailsIn(connectionString: string): Promise<string[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ emails: string[] | null }>(
      `SELECT array_agg("email") AS emails FROM "User"`,
    );
    return rows[0]?.emails ?? [];
  } finally {
    await client.end();
  }
}

/** Restores in a process that is killed at a step. */
async function killedAt(step: string, directory: string, databaseUrl = ''): Promise<void> {
  await using child = startProcess(process.execPath, [restorer, archive, passphrase, step], {
    env: plainEnv({ SERVERKIT_DATA_DIR: directory, DATABASE_URL: databaseUrl }),
  });
  const { signal } = await child.exit;
  if (signal !== 'SIGKILL') throw new Error(`did not come to "${step}": ${child.output()}`);
}

/** Of the database that is being made. */
const stagedPid = (directory: string): number | undefined =>
  readPostmasterFile(join(directory, 'restoring', 'pg', '18'))?.pid;

/** Opens what was restored, as a start does; secrets with it. */
async function emailsOf(directory: string): Promise<string[]> {
  const runDirectory = openRunDirectory(directory);
  try {
    const db = await openTestDatabase(
      { ...data, path: directory, runDirectory },
      { migrations: migrationsDirectory },
    );
    try {
      const vault = openVault(directory);
      await checkVault(db, vault);
      const secret = await db.prisma.secret.findFirstOrThrow();
      expect(vault.open(secret.sealedValue, sealContext(secret)).toString()).toBe('kept');
      const users = await db.prisma.user.findMany({ select: { email: true } });
      return users.map(({ email }) => email);
    } finally {
      await db.close();
    }
  } finally {
    removeRunDirectory(runDirectory);
  }
}

describe('a restore that is killed', () => {
  it.each(['staging', 'database open', 'loaded', 'committed'])('at "%s" is undone', async (step) => {
    const directory = occupied();
    await killedAt(step, directory);
    const pid = stagedPid(directory);
    expect(await settle(directory, { databaseUrl: undefined }, quiet)).toBe('undone');
    expect(masterKey(directory)).toBe('old');
    expect(await readdir(directory)).toEqual(expect.not.arrayContaining(['restoring', 'restore.json', 'pg']));
    expect(pid === undefined || hasEnded(pid)).toBe(true);
  });

  it.each([
    'switching',
    'pg in place',
    'keys set aside',
    'keys in place',
    'audit set aside',
    'audit in place',
  ])('at "%s" is finished', async (step) => {
    const directory = occupied();
    await killedAt(step, directory);
    expect(await settle(directory, { databaseUrl: undefined }, quiet)).toBe('finished');
    expect(masterKey(directory)).toBe(masterKey(data.path));
    const left = await readdir(directory);
    expect(left).toEqual(expect.not.arrayContaining(['restoring', 'restore.json']));
    const aside = left.find((name) => name.startsWith('replaced-')) ?? '';
    expect(masterKey(join(directory, aside))).toBe('old');
    expect(await emailsOf(directory)).toEqual(['ada@example.com']);
  });

  it('leaves an empty directory to which nobody starts a new ServerKit by accident', async () => {
    const directory = empty();
    await killedAt('loaded', directory);
    for (const _start of [1, 2]) {
      await expect(settleAtStart(directory, { databaseUrl: undefined }, quiet)).rejects.toThrow(
        /^A restore into .* was interrupted and left nothing; run it again, or delete .*restore\.json to begin/,
      );
    }
    await restore({ dataDir: directory, databaseUrl: undefined }, archive, passphrase, {
      replace: false,
      log: quiet,
    });
    expect(await emailsOf(directory)).toEqual(['ada@example.com']);
  });

  it.each(['loaded', 'committing'])(
    'at "%s", before an external database has it, is undone',
    async (step) => {
      const directory = occupied();
      const databaseUrl = await emptyDatabase();
      await killedAt(step, directory, databaseUrl);
      expect(await settle(directory, { databaseUrl }, quiet)).toBe('undone');
      expect(masterKey(directory)).toBe('old');
      await expect(emailsIn(databaseUrl)).rejects.toThrow('"User" does not exist');
    },
  );

  it('over an external database that an earlier restore filled, is not taken for that one', async () => {
    const databaseUrl = await emptyDatabase();
    await restore({ dataDir: empty(), databaseUrl }, archive, passphrase, { replace: false, log: quiet });
    const directory = occupied();
    await killedAt('committing', directory, databaseUrl);
    expect(await settle(directory, { databaseUrl }, quiet)).toBe('undone');
    expect(masterKey(directory)).toBe('old');
    expect(await emailsIn(databaseUrl)).toEqual(['ada@example.com']);
  });

  it('once an external database has it, is finished', async () => {
    const directory = occupied();
    const databaseUrl = await emptyDatabase();
    await killedAt('committed', directory, databaseUrl);
    await expect(settle(directory, { databaseUrl: undefined }, quiet)).rejects.toThrow(
      /set DATABASE_URL as it was then/,
    );
    expect(await settle(directory, { databaseUrl }, quiet)).toBe('finished');
    expect(masterKey(directory)).toBe(masterKey(data.path));
    expect(await emailsIn(databaseUrl)).toEqual(['ada@example.com']);
  });
});

describe('a restore', () => {
  const options = { replace: true, log: quiet };

  it('moves an installation into an external database, and out of it again', async () => {
    const [there, back] = [empty(), empty()];
    const databaseUrl = await emptyDatabase();
    await restore({ dataDir: there, databaseUrl }, archive, passphrase, { replace: false, log: quiet });
    expect(await emailsIn(databaseUrl)).toEqual(['ada@example.com']);
    expect(existsSync(join(there, 'pg'))).toBe(false);
    const second = data.temp.file('second');
    await backUp({ dataDir: there, databaseUrl }, second, passphrase, quiet);
    await restore({ dataDir: back, databaseUrl: undefined }, second, passphrase, options);
    expect(await emailsOf(back)).toEqual(['ada@example.com']);
  });

  it('into an external database that holds a ServerKit needs to be told, and replaces all of it', async () => {
    const databaseUrl = await emptyDatabase();
    const first = empty();
    await restore({ dataDir: first, databaseUrl }, archive, passphrase, { replace: false, log: quiet });
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`UPDATE "User" SET "email" = 'eve@example.com'`);
    await client.end();
    const second = empty();
    const again = (replace: boolean) =>
      restore({ dataDir: second, databaseUrl }, archive, passphrase, { replace, log: quiet });
    await expect(again(false)).rejects.toThrow(
      /holds a ServerKit already; .* --replace to lose what is in it\.$/,
    );
    expect(await emailsIn(databaseUrl)).toEqual(['eve@example.com']);
    await again(true);
    expect(await emailsIn(databaseUrl)).toEqual(['ada@example.com']);
  });

  it('ends links that could have been used since', async () => {
    const databaseUrl = await emptyDatabase();
    await restore({ dataDir: empty(), databaseUrl }, archive, passphrase, options);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query('SELECT "revokedAt" IS NOT NULL AS over FROM "PasswordReset"');
    const { rows: events } = await client.query('SELECT "action", "actorLabel" FROM "AuditEvent"');
    await client.end();
    expect(rows).toEqual([{ over: true }]);
    expect(events).toEqual([{ action: 'controlPlane.restore', actorLabel: 'npm run restore' }]);
  });

  it('of an archive that is cut off changes nothing', async () => {
    const half = data.temp.file('half');
    await cp(archive, half);
    truncateSync(half, 9_000);
    const directory = occupied();
    await expect(
      restore({ dataDir: directory, databaseUrl: undefined }, half, passphrase, options),
    ).rejects.toThrow('The archive is damaged: it was changed, or is cut off; use another one.');
    expect(masterKey(directory)).toBe('old');
    expect(await readdir(directory)).toEqual(expect.not.arrayContaining(['restoring', 'restore.json', 'pg']));
    const databaseUrl = await emptyDatabase();
    await expect(restore({ dataDir: directory, databaseUrl }, half, passphrase, options)).rejects.toThrow(
      'The archive is damaged',
    );
    await expect(emailsIn(databaseUrl)).rejects.toThrow('"User" does not exist');
    expect(masterKey(directory)).toBe('old');
  });

  it('with a wrong passphrase touches nothing', async () => {
    const directory = empty();
    await expect(
      restore({ dataDir: directory, databaseUrl: undefined }, archive, 'not the passphrase', options),
    ).rejects.toThrow(/^The passphrase does not open archive/);
    expect(existsSync(directory)).toBe(false);
  });
});

describe('a backup', () => {
  it('with keys that are not those of the database is refused', async () => {
    const databaseUrl = await emptyDatabase();
    await restore({ dataDir: empty(), databaseUrl }, archive, passphrase, { replace: false, log: quiet });
    const others = empty();
    openVault(others);
    const path = data.temp.file('useless');
    await expect(backUp({ dataDir: others, databaseUrl }, path, passphrase, quiet)).rejects.toThrow(
      /^The database was written with other keys than those in /,
    );
    expect(await readdir(dirname(path))).not.toContain('useless');
  });

  it('of nothing says where it looked', async () => {
    const nothing = empty();
    await expect(
      backUp({ dataDir: nothing, databaseUrl: undefined }, data.temp.file('none'), passphrase, quiet),
    ).rejects.toThrow(`There are no keys in ${join(nothing, 'keys')}; set SERVERKIT_DATA_DIR`);
    expect(existsSync(nothing)).toBe(false);
  });
});
