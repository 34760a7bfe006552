import {
  fromBase64Url,
  keyIdOf,
  signBytes,
  toBase64Url,
  transcript,
  verifyText,
  type SigningKey,
} from './bytes.ts';

/** A public key of the control plane as agents keep it. */
export interface PinnedKey {
  readonly id: string;
  /** What signs today, what will sign after the next change, and what repairs a loss. */
  readonly use: 'current' | 'next' | 'recovery';
  /** Raw Ed25519, base64url. */
  readonly publicKey: string;
}

/** Orders key sets: a later generation wins, and within a generation a later serial. Both are ms since 1970. */
export interface KeySetVersion {
  /** When the recovery key last spoke; 0 while it never has. */
  readonly generation: number;
  readonly serial: number;
}

/** The keys an agent believes. */
export interface PinnedKeySet extends KeySetVersion {
  readonly keys: readonly PinnedKey[];
}

/** The content of {@link SignedKeySet.payload}. Public keys are raw Ed25519, base64url. */
export interface KeySet extends KeySetVersion {
  readonly v: 1;
  readonly current: string;
  readonly next: string;
  readonly recovery: string;
}

/** JSON text of a {@link KeySet} and a signature over exactly these bytes. */
export interface SignedKeySet {
  readonly payload: string;
  /** Of the key that signed: the set's own current key, or the recovery key of the set before. */
  readonly keyId: string;
  readonly signature: string;
}

/** An agent is never sent more sets than this; what it pinned before them it can no longer follow. */
export const maxKeySets = 64;

const keySetTranscript = (payload: string): Buffer => transcript('serverkit.keyset.v1', [payload]);

export function signKeySet(key: SigningKey, set: KeySet): SignedKeySet {
  const payload = JSON.stringify(set);
  return { payload, keyId: key.id, signature: toBase64Url(signBytes(key, keySetTranscript(payload))) };
}

/** Reads a set without asking who signed it. @returns null when it is none */
export function readKeySet(signed: unknown): KeySet | null {
  if (!isSigned(signed)) return null;
  try {
    const value: unknown = JSON.parse(signed.payload);
    return isKeySet(value) ? value : null;
  } catch {
    return null;
  }
}

/** True when `a` is to be believed over `b`. */
export function isNewer(a: KeySetVersion, b: KeySetVersion): boolean {
  return a.generation > b.generation || (a.generation === b.generation && a.serial > b.serial);
}

export function pinsOf({
  current,
  next,
  recovery,
}: Pick<KeySet, 'current' | 'next' | 'recovery'>): PinnedKey[] {
  const pin = (use: PinnedKey['use'], publicKey: string): PinnedKey => ({
    id: keyIdOf(Buffer.from(publicKey, 'base64url')),
    use,
    publicKey,
  });
  return [pin('current', current), pin('next', next), pin('recovery', recovery)];
}

/**
 * Goes from the keys an agent believes to the newest that those keys vouch for, one set after the other. What is not
 * vouched for is passed over, so that a forged set can neither be believed nor hide the true one behind it.
 *
 * @param sets - what the other side showed: hostile until proven
 */
export function followKeySets(pinned: PinnedKeySet, sets: unknown): PinnedKeySet {
  if (!Array.isArray(sets) || sets.length > maxKeySets) return pinned;
  return sets.reduce<PinnedKeySet>((known, signed: unknown) => successor(known, signed) ?? known, pinned);
}

function successor(pinned: PinnedKeySet, signed: unknown): PinnedKeySet | null {
  const set = readKeySet(signed);
  if (!set || !isSigned(signed) || !isNewer(set, pinned)) return null;
  const pin = (use: PinnedKey['use']): string | undefined =>
    pinned.keys.find((key) => key.use === use)?.publicKey;
  // Only the recovery key begins a new generation, and only it may name another recovery key.
  const repaired = set.generation > pinned.generation;
  const voucher = repaired ? pin('recovery') : set.current;
  if (!repaired) {
    if (set.recovery !== pin('recovery')) return null;
    if (set.current !== pin('current') && set.current !== pin('next')) return null;
  }
  if (!isSignedBy(voucher, signed)) return null;
  return { generation: set.generation, serial: set.serial, keys: pinsOf(set) };
}

function isSignedBy(publicKey: string | undefined, { payload, keyId, signature }: SignedKeySet): boolean {
  const raw = fromBase64Url(publicKey, 32);
  return raw !== null && keyIdOf(raw) === keyId && verifyText(raw, keySetTranscript(payload), signature);
}

function isSigned(value: unknown): value is SignedKeySet {
  if (typeof value !== 'object' || value === null) return false;
  const { payload, keyId, signature }: Partial<Record<keyof SignedKeySet, unknown>> = value;
  return typeof payload === 'string' && typeof keyId === 'string' && typeof signature === 'string';
}

function isKeySet(value: unknown): value is KeySet {
  if (typeof value !== 'object' || value === null) return false;
  const set: Partial<Record<keyof KeySet, unknown>> = value;
  return (
    set.v === 1 &&
    isKeySetVersion(value) &&
    [set.current, set.next, set.recovery].every((key) => fromBase64Url(key, 32) !== null)
  );
}

export function isKeySetVersion(value: unknown): value is KeySetVersion {
  if (typeof value !== 'object' || value === null) return false;
  const { generation, serial }: Partial<Record<keyof KeySetVersion, unknown>> = value;
  return [generation, serial].every((number) => Number.isSafeInteger(number) && Number(number) >= 0);
}

/** What an agent says on knocking of the keys it believes: a hint which proofs it needs, and no proof itself. */
export interface PinnedHint extends KeySetVersion {
  readonly currentId: string;
}

export function formatPinnedHint({ generation, serial, keys }: PinnedKeySet): string {
  return `${generation}.${serial}.${keys.find(({ use }) => use === 'current')?.id ?? ''}`;
}

/** @returns null for anything else than {@link formatPinnedHint} makes */
export function parsePinnedHint(text: string): PinnedHint | null {
  const [, generation, serial, currentId] = /^(\d{1,15})\.(\d{1,15})\.([\w-]{16})$/.exec(text) ?? [];
  if (generation === undefined || serial === undefined || currentId === undefined) return null;
  return { generation: Number(generation), serial: Number(serial), currentId };
}
