import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey, seedOf, toBase64Url } from '@serverkit/wire/bytes.ts';
import { expect, test } from 'vitest';
import { controlPlane } from '../../testing/control-plane.ts';
import { migrationsDirectory } from './database/migrations.ts';
import { openTestDatabase, testDataDirectory, writeMigrations } from './database/testing.ts';
import { createPasswords } from './identity/passwords.ts';
import { openIdentityKeys } from './secrets/identity-keys.ts';

/** All that the first release had. Migrations are never changed, so its database can be made from them at any time. */
const firstRelease = ['20261122000000_init', '20261122010000_metrics'];

const ada = { email: 'ada@example.com', password: 'correct horse battery staple' };

test('a start on the data of the first release keeps all of it', async () => {
  await using data = await testDataDirectory();
  const migrations = Object.fromEntries(
    firstRelease.map((name) => [
      name,
      readFileSync(join(migrationsDirectory, name, 'migration.sql'), 'utf8'),
    ]),
  );
  const db = await openTestDatabase(data, {
    migrations: writeMigrations(data.temp.file('first-release'), migrations),
  });
  const hash = await createPasswords().hash(ada.password);
  await db.pool.query(
    `INSERT INTO "User" ("id", "email", "name", "role", "passwordHash", "updatedAt")
     VALUES ('usr_1', '${ada.email}', 'Ada', 'admin', '${hash}', now());
     INSERT INTO "Server" ("id", "name", "tags", "permissionProfile", "scopes", "localScopes", "updatedAt", "createdById")
     VALUES ('srv_1', 'web-1', '{prod}', 'full_access', '{*}', '{}', now(), 'usr_1');
     INSERT INTO "AuditEvent" ("actorKind", "actorId", "actorLabel", "action", "targetKind", "targetId", "outcome", "parameters")
     SELECT 'user', 'usr_1', '${ada.email}', 'server.create', 'server', 'srv_1', 'ok', '{"name": "web-1"}'
     FROM generate_series(1, 3)`,
  );
  await db.close();
  // Its keys were each in a file of their own, and agents know this one.
  const key = generateSigningKey();
  mkdirSync(join(data.path, 'keys'), { mode: 0o700 });
  writeFileSync(join(data.path, 'keys', 'identity-current.key'), `${toBase64Url(seedOf(key))}\n`);

  await using plane = await controlPlane({ dataDir: data.path });
  const client = await plane.signIn(ada);
  const all = '{ viewer { user { name } } servers { nodes { id name tags } } }';
  expect(await client.query(all)).toEqual({
    viewer: { user: { name: 'Ada' } },
    servers: { nodes: [{ id: 'srv_1', name: 'web-1', tags: ['prod'] }] },
  });
  const { auditEvents } = await client.query<{ auditEvents: { nodes: { action: string }[] } }>(
    '{ auditEvents { nodes { action } } }',
  );
  expect(auditEvents.nodes.filter(({ action }) => action === 'server.create')).toHaveLength(3);
  expect(await client.query('{ verifyAudit { intact problems { kind } } }')).toEqual({
    verifyAudit: { intact: true, problems: [] },
  });
  expect(openIdentityKeys(data.path).current.id).toBe(key.id);
});
