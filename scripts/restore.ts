/** `npm run restore -- FILE`: puts an archive of `npm run backup` in place, while ServerKit is stopped. See docs/backup.md. */
import { restore } from '../api/src/backup/restore.ts';
import { StartupError } from '../api/src/startup-error.ts';
import { argumentsFor, command } from './keeping/command.ts';
import { readSecret } from './keeping/secret.ts';

const usage = 'npm run restore -- FILE [--passphrase-file FILE] [--replace]';

await command(async ({ env, log }) => {
  const { values, positionals } = argumentsFor(usage, {
    allowPositionals: true,
    options: { 'passphrase-file': { type: 'string' }, replace: { type: 'boolean', default: false } },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new StartupError(`Usage: ${usage}`);
  const passphrase = await readSecret({
    name: 'passphrase',
    option: '--passphrase-file',
    file: values['passphrase-file'] ?? env.passphraseFile,
    twice: false,
  });
  const { createdAt, aside, leftOut } = await restore(env, file, passphrase, {
    replace: values.replace,
    log,
  });
  const sentences = [
    `ServerKit is as it was at ${createdAt}. Start it: agents come back by themselves, people sign in again.`,
    aside !== undefined && `What was there before is in ${aside}; delete it once all is well.`,
    leftOut.length > 0 && `Tables that are not from ServerKit were left out: ${leftOut.join(', ')}.`,
  ];
  return sentences.filter((sentence) => sentence !== false).join('\n');
});
