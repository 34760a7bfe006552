import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { argon2id, hash } from 'argon2';
import type { Header } from './header.ts';

const keyBytes = 32;
/** Of {@link ArchiveKeys.check}. */
export const checkBytes = 32;

export interface ArchiveKeys {
  /** For AES-256-GCM; of this archive alone, as the salt is. */
  readonly body: Buffer;
  /** Stands behind the header: shows that the passphrase is right and that nobody changed the header. */
  readonly check: Buffer;
}

/** @param header - as it stands in the file: other bytes give other keys */
export async function deriveKeys(
  passphrase: string,
  { salt, memoryKiB, passes, lanes }: Header['kdf'],
  header: Uint8Array,
): Promise<ArchiveKeys> {
  const secret = await hash(passphrase.normalize('NFC'), {
    type: argon2id,
    raw: true,
    hashLength: keyBytes,
    salt: Buffer.from(salt, 'base64'),
    memoryCost: memoryKiB,
    timeCost: passes,
    parallelism: lanes,
  });
  const context = createHash('sha256').update(header).digest();
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', secret, context, `serverkit archive ${purpose} v1`, keyBytes));
  return { body: derive('body'), check: createHmac('sha256', derive('check')).update(header).digest() };
}

export function isSameCheck(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
