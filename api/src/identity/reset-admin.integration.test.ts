import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { requireThisRelease } from '../database/migrations.ts';
import {
  openReleaseDatabase,
  openTestDatabase,
  testDataDirectory,
  writeMigrations,
} from '../database/testing.ts';
import type { TestDataDirectory } from '../database/testing.ts';
import { openVault, type Vault } from '../secrets/vault.ts';
import { createPasswords } from './passwords.ts';
import { chooseAdmin, resetAdmin } from './reset-admin.ts';

let data: TestDataDirectory;
let db: Database;
let client: pg.PoolClient;
let vault: Vault;
beforeAll(async () => {
  data = await testDataDirectory();
  db = await openReleaseDatabase(data);
  vault = openVault(data.path);
  client = await db.pool.connect();
});
afterAll(async () => {
  client.release();
  await db.close();
  await data[Symbol.asyncDispose]();
});

const password = 'a password of the owner';
const userOf = (email: string) =>
  db.prisma.user.findUniqueOrThrow({
    where: { email },
    include: { sessions: true, secondFactor: true, recoveryCodes: true, resets: true },
  });

describe('npm run reset-admin', () => {
  test('makes an administrator where there is none, by name only', async () => {
    await expect(chooseAdmin(client, undefined)).rejects.toThrow(/^There is no administrator yet; name /);
    const email = await chooseAdmin(client, ' Ada@Example.com ');
    await db.prisma.setting.create({ data: { key: 'setup', value: { codeHash: 'x' } } });
    expect(await resetAdmin(client, vault, { email, password })).toEqual({ created: true });
    const ada = await userOf('ada@example.com');
    expect(ada).toMatchObject({ role: 'admin', access: 'all', disabledAt: null });
    expect(await createPasswords().verify(ada.passwordHash ?? undefined, password)).toBe(true);
    // The setup code that was printed makes no second one.
    expect(await db.prisma.setting.findUnique({ where: { key: 'setup' } })).toBeNull();
    expect(await chooseAdmin(client, undefined)).toBe('ada@example.com');
  });

  test('opens an account that is closed in every way, and ends what was open', async () => {
    const until = new Date(Date.now() + 60_000);
    await db.prisma.user.create({
      data: {
        id: 'usr_bob',
        email: 'bob@example.com',
        name: 'Bob',
        role: 'viewer',
        access: 'granted',
        disabledAt: new Date(),
        secondFactor: { create: { sealedSecret: new Uint8Array(1), confirmedAt: new Date() } },
        recoveryCodes: { create: { codeHash: new Uint8Array(1) } },
        sessions: {
          create: {
            id: 'ses_bob',
            cookieHash: new Uint8Array(1),
            proofHash: new Uint8Array(1),
            address: '',
            userAgent: '',
            expiresAt: until,
          },
        },
        resets: {
          create: { id: 'rst_bob', linkHash: new Uint8Array(1), createdById: 'usr_bob', expiresAt: until },
        },
      },
    });
    expect(await resetAdmin(client, vault, { email: 'bob@example.com', password })).toEqual({
      created: false,
    });
    const bob = await userOf('bob@example.com');
    expect(bob).toMatchObject({
      id: 'usr_bob',
      name: 'Bob',
      role: 'admin',
      access: 'all',
      disabledAt: null,
      secondFactor: null,
      recoveryCodes: [],
      sessions: [{ revokedAt: expect.any(Date) }],
      resets: [{ revokedAt: expect.any(Date) }],
    });
    await expect(chooseAdmin(client, undefined)).rejects.toThrow(
      'There are several administrators; name the one: ada@example.com, bob@example.com.',
    );
  });

  test('is on record', async () => {
    const events = await db.prisma.auditEvent.findMany({ orderBy: { id: 'asc' } });
    expect(events).toMatchObject([
      { action: 'user.resetAdmin', actorLabel: 'npm run reset-admin', targetName: 'ada@example.com' },
      { action: 'user.resetAdmin', targetId: 'usr_bob', parameters: { created: false } },
    ]);
    expect(JSON.stringify(events.map(({ parameters }) => parameters))).not.toContain(password);
  });

  test('changes nothing for a password or an address that nobody may have', async () => {
    const before = await userOf('ada@example.com');
    const reset = (short: string) => resetAdmin(client, vault, { email: 'ada@example.com', password: short });
    await expect(reset('short')).rejects.toThrow('The password must have at least 12 characters.');
    await expect(chooseAdmin(client, 'nobody')).rejects.toThrow('nobody is not an e-mail address.');
    expect(await userOf('ada@example.com')).toEqual(before);
  });

  test('wants a database of this release', async () => {
    await requireThisRelease(client);
    const older = await testDataDirectory();
    const first = { '20261122000000_init': 'SELECT 1' };
    const old = await openTestDatabase(older, {
      migrations: writeMigrations(older.temp.file('migrations'), first),
    });
    const session = await old.pool.connect();
    await expect(requireThisRelease(session)).rejects.toThrow(
      /^The migration 20261122000000_init is not the one/,
    );
    await session.query('DELETE FROM _prisma_migrations');
    await expect(requireThisRelease(session)).rejects.toThrow(
      /^The database is not of this release yet; start /,
    );
    session.release();
    await old.close();
    await older[Symbol.asyncDispose]();
  });
});
