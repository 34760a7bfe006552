import type pg from 'pg';
import { auditInsertion } from '../audit/service.ts';
import { newId } from '../ids.ts';
import type { Vault } from '../secrets/vault.ts';
import { StartupError } from '../startup-error.ts';
import { emailShape, normalizeEmail } from './email.ts';
import { passwordProblem } from './password-rules.ts';
import { createPasswords } from './passwords.ts';

/**
 * Whose account is to be opened again.
 * @param asked - the address that was given; without one it is that of the only administrator
 * @throws StartupError when that is nobody's address, or there are several administrators to choose from
 */
export async function chooseAdmin(client: pg.ClientBase, asked: string | undefined): Promise<string> {
  if (asked !== undefined) {
    const { success, data } = emailShape.safeParse(asked);
    if (!success) throw new StartupError(`${asked} is not an e-mail address.`);
    return normalizeEmail(data);
  }
  const { rows } = await client.query<{ email: string }>(
    `SELECT "email" FROM "User" WHERE "role" = 'admin' ORDER BY "createdAt" LIMIT 10`,
  );
  const [only, ...others] = rows.map(({ email }) => email);
  if (only !== undefined && others.length === 0) return only;
  throw new StartupError(
    only === undefined
      ? 'There is no administrator yet; name the e-mail address of one to make: npm run reset-admin -- EMAIL'
      : `There are several administrators; name the one: ${[only, ...others].join(', ')}.`,
  );
}

export interface ResetAdmin {
  readonly email: string;
  readonly password: string;
}

/**
 * Gives whoever owns the machine an administrator who can sign in: with a new password, without a second factor, enabled
 * and in charge of everything. Sessions end, links for another password too; API tokens stay. It is on record.
 * @returns whether the account was made now
 * @throws StartupError for a password that nobody may have
 */
export async function resetAdmin(
  client: pg.ClientBase,
  vault: Vault,
  { email, password }: ResetAdmin,
): Promise<{ readonly created: boolean }> {
  const problem = passwordProblem(password, email);
  if (problem) throw new StartupError(`The password ${problem}.`);
  const passwordHash = await createPasswords().hash(password);
  await client.query('BEGIN');
  // Those who make the first administrator, and those who change accounts, wait.
  await client.query(
    `SELECT pg_advisory_xact_lock(hashtext('serverkit.setup')), pg_advisory_xact_lock(hashtext('serverkit.people'))`,
  );
  const { rows } = await client.query<{ id: string; created: boolean }>(
    `INSERT INTO "User" ("id", "email", "name", "role", "passwordHash", "updatedAt") VALUES ($1, $2, $2, 'admin', $3, now())
     ON CONFLICT ("email") DO UPDATE SET "role" = 'admin', "access" = 'all', "passwordHash" = excluded."passwordHash",
       "disabledAt" = NULL, "updatedAt" = now()
     RETURNING "id", "id" = $1 AS created`,
    [newId('user'), email, passwordHash],
  );
  const user = rows[0];
  if (!user) throw new Error('no account was written');
  const ended = [
    'DELETE FROM "SecondFactor" WHERE "userId" = $1',
    'DELETE FROM "RecoveryCode" WHERE "userId" = $1',
    'UPDATE "Session" SET "revokedAt" = now() WHERE "userId" = $1 AND "revokedAt" IS NULL',
    'UPDATE "PasswordReset" SET "revokedAt" = now() WHERE "userId" = $1 AND "usedAt" IS NULL AND "revokedAt" IS NULL',
  ];
  for (const statement of ended) await client.query(statement, [user.id]);
  await client.query(`DELETE FROM "Setting" WHERE "key" = 'setup'`);
  const { text, values } = auditInsertion(vault, {
    actor: { kind: 'system', label: 'npm run reset-admin' },
    action: 'user.resetAdmin',
    target: { kind: 'user', id: user.id, name: email },
    parameters: { created: user.created },
  });
  await client.query(text, [...values]);
  await client.query('COMMIT');
  return { created: user.created };
}
