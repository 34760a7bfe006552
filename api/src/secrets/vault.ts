import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { StartupError } from '../startup-error.ts';
import { keysDirectory, readOrCreate } from './key-files.ts';

/** Encryption at rest with a key that lives in the data directory (AES-256-GCM). */
export interface Vault {
  /**
   * Seals bytes for storage.
   * @param context - what the value is and whose, such as `registration:rt_abc`; the same is needed to open it,
   *   so a sealed value cannot be moved to another row
   */
  seal(plain: Uint8Array, context: string): Buffer;
  /** @throws VaultError when the value was altered, moved, or sealed by another installation */
  open(sealed: Uint8Array, context: string): Buffer;
  /** A 32-byte key for one purpose, derived with HKDF-SHA-256; stable for this installation. */
  derive(purpose: string): Buffer;
}

/** A sealed value that does not open. Says nothing of its content. */
export class VaultError extends Error {
  constructor(context: string) {
    super(`The stored secret "${context}" cannot be opened with this installation's key`);
    this.name = 'VaultError';
  }
}

const keyBytes = 32;
/** NIST SP 800-38D §8.2.2: random 96-bit nonces are good for 2^32 values under one key. */
const nonceBytes = 12;
const tagBytes = 16;
/** The first byte of every sealed value; another algorithm would take another number. */
const version = 1;

export function vaultFile(dataDirectory: string): string {
  return join(keysDirectory(dataDirectory), 'master.key');
}

/**
 * The vault of a data directory; its key is made on the first run.
 * @throws StartupError when the key file is unreadable or damaged
 */
export function openVault(dataDirectory: string): Vault {
  const path = vaultFile(dataDirectory);
  const text = readOrCreate(path, () => Buffer.from(`${randomBytes(keyBytes).toString('base64url')}\n`));
  const key = Buffer.from(text.toString().trim(), 'base64url');
  if (key.length !== keyBytes)
    throw new StartupError(`The key file ${path} is damaged; restore it from a backup.`);
  return vaultWith(key);
}

/** @param master - 32 bytes */
export function vaultWith(master: Uint8Array): Vault {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', master, '', `serverkit ${purpose}`, keyBytes));
  const key = derive('vault v1');
  return {
    derive,
    seal(plain, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, body, cipher.getAuthTag()]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      if (bytes.length < 1 + nonceBytes + tagBytes || bytes[0] !== version) throw new VaultError(context);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(1 + nonceBytes, -tagBytes)), decipher.final()]);
      } catch {
        throw new VaultError(context);
      }
    },
  };
}
