/**
 * `npm run recovery-key -- take FILE` moves the private half of the recovery key out of the data directory into a file of
 * your choice, to be kept offline. `npm run recovery-key -- restore FILE` makes all keys of the control plane anew with it,
 * while ServerKit is stopped; agents follow by themselves.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { fromBase64Url, signingKeyFromSeed, toBase64Url, type SigningKey } from '@serverkit/wire/bytes.ts';
import { lockDataDirectory } from '../api/src/database/data-lock.ts';
import { openIdentityKeys, recoveryFile, restoreIdentity } from '../api/src/secrets/identity-keys.ts';

const [command, file] = process.argv.slice(2);
const dataDirectory = process.env['SERVERKIT_DATA_DIR'] ?? './data';

function keyIn(path: string): SigningKey {
  const seed = fromBase64Url(readFileSync(path, 'utf8').trim(), 32);
  if (!seed) throw new Error(`${path} holds no recovery key.`);
  return signingKeyFromSeed(seed);
}

/** On the disk over there before it is gone from here. */
function take(to: string): void {
  const from = recoveryFile(dataDirectory);
  if (!existsSync(from)) throw new Error('The recovery key is not here any more; it was taken away before.');
  const key = keyIn(from);
  if (toBase64Url(key.publicRaw) !== openIdentityKeys(dataDirectory).set.recovery) {
    throw new Error(`${from} is not the recovery key that agents know; restore again with the one that is.`);
  }
  const target = openSync(to, 'wx', 0o600);
  try {
    writeSync(target, readFileSync(from));
    fsyncSync(target);
  } finally {
    closeSync(target);
  }
  rmSync(from);
  console.log(`The recovery key ${key.id} is in ${to} and nowhere else. Keep it offline.`);
}

function restore(from: string): void {
  using _lock = lockDataDirectory(dataDirectory);
  restoreIdentity(dataDirectory, keyIn(from));
  console.log(
    'All keys are new, the recovery key too. Start ServerKit: agents follow by themselves. Then take the new recovery key away.',
  );
}

try {
  if (command === 'take' && file !== undefined) take(file);
  else if (command === 'restore' && file !== undefined) restore(file);
  else throw new Error('npm run recovery-key -- take FILE | restore FILE');
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
