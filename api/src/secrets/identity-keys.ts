import {
  fromBase64Url,
  generateSigningKey,
  seedOf,
  signingKeyFromSeed,
  toBase64Url,
  type SigningKey,
} from '@serverkit/wire/bytes.ts';
import { join } from 'node:path';
import { StartupError } from '../startup-error.ts';
import { keysDirectory, readOrCreate } from './key-files.ts';

/** The set agents pin: what signs today, what will sign after a rotation, and what can repair a loss. */
export interface ControlPlaneKeys {
  readonly current: SigningKey;
  readonly next: SigningKey;
  readonly recovery: SigningKey;
}

const seedBytes = 32;

/**
 * The keys that every registered agent knows this control plane by, made on the first run. Losing them means
 * registering every agent again, so they are never replaced here.
 * @throws StartupError when a file is unreadable or damaged
 */
export function openIdentityKeys(dataDirectory: string): ControlPlaneKeys {
  const directory = keysDirectory(dataDirectory);
  const open = (name: string) => openKey(join(directory, `identity-${name}.key`));
  return { current: open('current'), next: open('next'), recovery: open('recovery') };
}

function openKey(path: string): SigningKey {
  const text = readOrCreate(path, () => Buffer.from(`${toBase64Url(seedOf(generateSigningKey()))}\n`));
  const seed = fromBase64Url(text.toString().trim(), seedBytes);
  if (!seed) throw new StartupError(`The key file ${path} is damaged; restore it from a backup.`);
  return signingKeyFromSeed(seed);
}
