/** `npm run reset-admin [-- EMAIL]`: an administrator who can sign in again. See docs/backup.md. */
import { existsSync } from 'node:fs';
import { borrowDatabase } from '../api/src/database/borrow.ts';
import { requireThisRelease } from '../api/src/database/migrations.ts';
import { chooseAdmin, resetAdmin } from '../api/src/identity/reset-admin.ts';
import { openVault, vaultFile } from '../api/src/secrets/vault.ts';
import { StartupError } from '../api/src/startup-error.ts';
import { argumentsFor, command } from './keeping/command.ts';
import { readSecret } from './keeping/secret.ts';

const usage = 'npm run reset-admin -- [EMAIL] [--password-file FILE]';

await command(async ({ env, log }) => {
  const { values, positionals } = argumentsFor(usage, {
    allowPositionals: true,
    options: { 'password-file': { type: 'string' } },
  });
  if (positionals.length > 1) throw new StartupError(`Usage: ${usage}`);
  // Opening a vault that is not there would make one.
  if (!existsSync(vaultFile(env.dataDir))) {
    throw new StartupError(
      `There is no ServerKit in ${env.dataDir}; set SERVERKIT_DATA_DIR to its data directory.`,
    );
  }
  await using database = await borrowDatabase(env, log);
  await requireThisRelease(database.client);
  const email = await chooseAdmin(database.client, positionals[0]);
  const password = await readSecret({
    name: 'password',
    option: '--password-file',
    file: values['password-file'],
    twice: true,
  });
  const { created } = await resetAdmin(database.client, openVault(env.dataDir), { email, password });
  return created
    ? `${email} is an administrator now, with the password you gave.`
    : `${email} signs in with the password you gave. Sessions and the second factor of the account are gone; turn a second factor on again.`;
});
