import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import {
  fromBase64Url,
  generateSigningKey,
  keyIdOf,
  seedOf,
  signingKeyFromSeed,
  toBase64Url,
  type SigningKey,
} from '@serverkit/wire/bytes.ts';
import {
  isNewer,
  maxKeySets,
  readKeySet,
  signKeySet,
  type KeySet,
  type KeySetVersion,
  type PinnedHint,
  type SignedKeySet,
} from '@serverkit/wire/control-keys.ts';
import { StartupError } from '../startup-error.ts';
import { keysDirectory, readIfPresent, readOrCreate, replaceFile } from './key-files.ts';

export type PublicKey = Pick<SigningKey, 'id' | 'publicRaw'>;

/** How one agent is met: what signs, and what leads it there from what it pinned. */
export interface Introduction {
  readonly key: SigningKey;
  /** Key sets that are newer than the agent's, oldest first. */
  readonly keySets: readonly SignedKeySet[];
}

/** The set agents pin: what signs today, what will sign after the next change, and what can repair a loss. */
export interface ControlPlaneKeys {
  readonly current: SigningKey;
  readonly next: SigningKey;
  /** Its private half is for a drawer, not for this process. */
  readonly recovery: PublicKey;
  readonly set: KeySet;
  /** Every set there was, oldest first, as far back as agents can follow. */
  readonly history: readonly KeySet[];
  /** Whether the recovery key's private half still lies beside the others. */
  recoveryIsHere(): boolean;
  /** @param hint - what the agent says it pinned; null for one that does not say */
  introductionTo(hint: PinnedHint | null): Introduction;
  /** A key this control plane stands by: of this generation, past ones too. */
  publicKeyOf(keyId: string): Uint8Array | undefined;
  /** Puts the next key in the current one's place and makes another next one; on the disk when it returns. */
  rotate(): void;
}

const seedBytes = 32;

const signed = z.object({ payload: z.string(), keyId: z.string(), signature: z.string() });
const stored = z.object({
  v: z.literal(1),
  /** Seeds, base64url. */
  current: z.string(),
  next: z.string(),
  sets: z.array(signed).min(1),
});

/** All of it in one file, so that a change of keys is there whole or not at all. */
interface Stored {
  readonly current: SigningKey;
  readonly next: SigningKey;
  /** Oldest first. */
  readonly sets: readonly { readonly shown: SignedKeySet; readonly set: KeySet }[];
  /** The newest. */
  readonly set: KeySet;
}

const identityFile = (dataDirectory: string): string => join(keysDirectory(dataDirectory), 'identity.json');
export const recoveryFile = (dataDirectory: string): string =>
  join(keysDirectory(dataDirectory), 'identity-recovery.key');

/**
 * The keys that every registered agent knows this control plane by, made on the first run.
 *
 * @throws StartupError when a file is unreadable or damaged
 */
export function openIdentityKeys(dataDirectory: string): ControlPlaneKeys {
  let now = readIdentity(dataDirectory) ?? firstIdentity(dataDirectory);

  return {
    get current() {
      return now.current;
    },
    get next() {
      return now.next;
    },
    get recovery() {
      const publicRaw = Buffer.from(now.set.recovery, 'base64url');
      return { id: keyIdOf(publicRaw), publicRaw };
    },
    get set() {
      return now.set;
    },
    get history() {
      return now.sets.map(({ set }) => set);
    },
    recoveryIsHere: () => existsSync(recoveryFile(dataDirectory)),
    introductionTo(hint) {
      const pinned: KeySetVersion = hint ?? { generation: 0, serial: 0 };
      // We were put back from a backup, and the agent has gone on with what is our next key.
      if (hint && isNewer(hint, now.set)) {
        return { key: hint.currentId === now.next.id ? now.next : now.current, keySets: [] };
      }
      const newer = now.sets.filter(({ set }) => isNewer(set, pinned));
      return { key: now.current, keySets: newer.map(({ shown }) => shown) };
    },
    publicKeyOf(keyId) {
      const known = now.sets
        .filter(({ set }) => set.generation === now.set.generation)
        .flatMap(({ set: { current, next } }) => [current, next])
        .map((text) => Buffer.from(text, 'base64url'));
      return known.find((raw) => keyIdOf(raw) === keyId);
    },
    rotate() {
      const next = generateSigningKey();
      const { generation, recovery, serial } = now.set;
      const set = keySet({ generation, serial: laterThan(serial) }, now.next, next, recovery);
      now = write(dataDirectory, now.next, next, [...shownOf(now), signKeySet(now.next, set)]);
    },
  };
}

function shownOf({ sets }: Stored): SignedKeySet[] {
  return sets.map(({ shown }) => shown);
}

function laterThan(before: number): number {
  return Math.max(Date.now(), before + 1);
}

function keySet(version: KeySetVersion, current: SigningKey, next: SigningKey, recovery: string): KeySet {
  return {
    v: 1,
    ...version,
    current: toBase64Url(current.publicRaw),
    next: toBase64Url(next.publicRaw),
    recovery,
  };
}

function write(
  dataDirectory: string,
  current: SigningKey,
  next: SigningKey,
  sets: readonly SignedKeySet[],
): Stored {
  const kept = sets.slice(-maxKeySets);
  const [current64, next64] = [current, next].map((key) => toBase64Url(seedOf(key)));
  const text = JSON.stringify({ v: 1, current: current64, next: next64, sets: kept }, null, 2);
  replaceFile(identityFile(dataDirectory), Buffer.from(`${text}\n`));
  const written = readIdentity(dataDirectory);
  if (!written) throw new Error('the identity keys vanished while they were written');
  return written;
}

function readIdentity(dataDirectory: string): Stored | null {
  const path = identityFile(dataDirectory);
  const bytes = readIfPresent(path);
  if (!bytes) return null;
  try {
    const { current, next, sets } = stored.parse(JSON.parse(bytes.toString('utf8')));
    const known = sets.map((shown) => ({ shown, set: readKeySet(shown) })).filter(isWhole);
    const set = known.at(-1)?.set;
    const [currentKey, nextKey] = [keyFrom(current), keyFrom(next)];
    const fits =
      set?.current === toBase64Url(currentKey.publicRaw) && set.next === toBase64Url(nextKey.publicRaw);
    if (fits && known.length === sets.length) return { current: currentKey, next: nextKey, sets: known, set };
  } catch {
    // Told below, like anything else that is not what we wrote.
  }
  throw new StartupError(`The key file ${path} is damaged; restore it from a backup.`);
}

function isWhole<T extends { readonly set: KeySet | null }>(one: T): one is T & { readonly set: KeySet } {
  return one.set !== null;
}

function keyFrom(text: string): SigningKey {
  const seed = fromBase64Url(text.trim(), seedBytes);
  if (!seed) throw new Error('not a key');
  return signingKeyFromSeed(seed);
}

/** The first run; or the first one since the keys were each in a file of their own. */
function firstIdentity(dataDirectory: string): Stored {
  const own = ['current', 'next'].map((use) => join(keysDirectory(dataDirectory), `identity-${use}.key`));
  const [current, next] = own.map((path) => {
    const bytes = readIfPresent(path);
    return bytes ? keyOf(path, bytes) : generateSigningKey();
  });
  if (!current || !next) throw new Error('two files, two keys');
  const recovery = toBase64Url(openRecoveryKey(dataDirectory).publicRaw);
  const set = keySet({ generation: 0, serial: Date.now() }, current, next, recovery);
  const first = write(dataDirectory, current, next, [signKeySet(current, set)]);
  for (const path of own) rmSync(path, { force: true });
  return first;
}

function openRecoveryKey(dataDirectory: string): SigningKey {
  const path = recoveryFile(dataDirectory);
  const made = (): Buffer => Buffer.from(`${toBase64Url(seedOf(generateSigningKey()))}\n`);
  return keyOf(path, readOrCreate(path, made));
}

function keyOf(path: string, bytes: Buffer): SigningKey {
  try {
    return keyFrom(bytes.toString());
  } catch (cause) {
    throw new StartupError(`The key file ${path} is damaged; restore it from a backup.`, { cause });
  }
}

/**
 * Makes all keys anew, vouched for by the recovery key: for when current and next are lost, or somebody else has them.
 * Whoever holds the old ones is believed by no agent any more that has met the new ones.
 *
 * @throws StartupError when it is not the recovery key of these agents
 */
export function restoreIdentity(dataDirectory: string, recovery: SigningKey): void {
  let before: Stored | null = null;
  try {
    before = readIdentity(dataDirectory);
  } catch {
    // Damaged is as good as lost.
  }
  if (before && before.set.recovery !== toBase64Url(recovery.publicRaw)) {
    throw new StartupError('This is not the recovery key of this installation.');
  }
  const now = laterThan(Math.max(before?.set.generation ?? 0, before?.set.serial ?? 0));
  const [current, next, spare] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];
  // The key that was just typed in has been on a machine that somebody may watch.
  const seed = Buffer.from(`${toBase64Url(seedOf(spare))}\n`);
  const set = keySet({ generation: now, serial: now }, current, next, toBase64Url(spare.publicRaw));
  replaceFile(recoveryFile(dataDirectory), seed);
  write(dataDirectory, current, next, [...(before ? shownOf(before) : []), signKeySet(recovery, set)]);
}
