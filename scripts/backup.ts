/** `npm run backup -- FILE`: everything that must survive, in one encrypted file. See docs/backup.md. */
import { backUp } from '../api/src/backup/backup.ts';
import { minPassphraseLength } from '../api/src/backup/passphrase.ts';
import { StartupError } from '../api/src/startup-error.ts';
import { argumentsFor, command } from './keeping/command.ts';
import { readSecret } from './keeping/secret.ts';

const usage = 'npm run backup -- FILE [--passphrase-file FILE]';

await command(async ({ env, log }) => {
  const { values, positionals } = argumentsFor(usage, {
    allowPositionals: true,
    options: { 'passphrase-file': { type: 'string' } },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new StartupError(`Usage: ${usage}`);
  const option = '--passphrase-file';
  const passphrase = await readSecret({
    name: 'passphrase',
    option,
    file: values['passphrase-file'] ?? env.passphraseFile,
    twice: true,
  });
  if (passphrase.length < minPassphraseLength) {
    throw new StartupError(
      `The passphrase must have at least ${minPassphraseLength} characters: everything is in the archive.`,
    );
  }
  const { size, tables } = await backUp(env, file, passphrase, log);
  return `${file} holds the database (${tables} tables) and the keys, ${Math.ceil(size / 1024)} KiB. Without its passphrase it is of no use.`;
});
