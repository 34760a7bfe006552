import { randomText } from '../ids.ts';
import { digest } from './session-secrets.ts';

/** What opens an account whose authenticator app is lost. */
export const recoveryCodeCount = 10;

/** Four groups of four characters of 5 bits: 80 bits, so that a hash of one cannot be guessed backwards. */
const groups = 4;
const groupLength = 4;

export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, () =>
    Array.from({ length: groups }, () => randomText(groupLength)).join('-'),
  );
}

/** What is stored in place of a code. Bound to its owner, so that two rows never tell that two codes are the same. */
export function recoveryCodeHash(userId: string, code: string): Uint8Array<ArrayBuffer> {
  return digest(`recovery:${userId}:${plain(code)}`);
}

/** Copied from paper: case and separators do not matter, and what looks alike counts as the same. */
function plain(code: string): string {
  return code
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1');
}
