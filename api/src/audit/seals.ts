import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Vault } from '../secrets/vault.ts';
import { bytesOf, type AuditContent } from './content.ts';

/** An event as it lies in the database. */
export interface StoredEvent extends AuditContent {
  readonly id: bigint;
  readonly mark: Buffer | null;
}

/** A place in the chain: 0 is before the first seal. */
export interface Link {
  readonly position: bigint;
  readonly mac: Buffer;
}

export type CheckpointKind = 'begin' | 'routine' | 'retention';

/** A link that can be trusted without what was before it. */
export interface Checkpoint extends Link {
  readonly kind: CheckpointKind;
  readonly madeAt: Date;
  /** `begin`: events up to this id were written before there were marks. */
  readonly unmarkedTo: bigint | null;
  /** `retention`: events before this moment are deleted. */
  readonly deletedUntil: Date | null;
}

export interface ProvenCheckpoint extends Checkpoint {
  readonly proof: Buffer;
}

/** Makes the chain over the record, with a key that the database does not know. */
export interface Seals {
  /** The link that every chain of this installation begins with. */
  readonly origin: Link;
  /** The link after one, for the event sealed there. */
  next(before: Link, event: StoredEvent): Link;
  prove(checkpoint: Checkpoint): ProvenCheckpoint;
  holds(checkpoint: ProvenCheckpoint): boolean;
}

export function createSeals(vault: Vault): Seals {
  // Taken in once, as for marks.
  const key = createSecretKey(vault.derive('audit seals v1'));
  const mac = (purpose: string, ...parts: readonly (string | Uint8Array)[]): Buffer => {
    const hmac = createHmac('sha256', key).update(purpose);
    for (const part of parts) hmac.update(lengthOf(part)).update(part);
    return hmac.digest();
  };
  const proofOf = (checkpoint: Checkpoint): Buffer =>
    mac(
      'checkpoint',
      JSON.stringify([
        checkpoint.position.toString(),
        checkpoint.kind,
        checkpoint.mac.toString('hex'),
        checkpoint.madeAt.getTime(),
        checkpoint.unmarkedTo?.toString() ?? null,
        checkpoint.deletedUntil?.getTime() ?? null,
      ]),
    );
  return {
    origin: { position: 0n, mac: mac('origin') },
    next(before, event) {
      const position = before.position + 1n;
      const place = `${position} ${event.id}`;
      return { position, mac: mac('seal', before.mac, place, event.mark ?? '', bytesOf(event)) };
    },
    prove: (checkpoint) => ({ ...checkpoint, proof: proofOf(checkpoint) }),
    holds: (checkpoint) => isSame(checkpoint.proof, proofOf(checkpoint)),
  };
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Before each part, so that no two lists of parts are the same bytes. */
function lengthOf(part: string | Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(typeof part === 'string' ? Buffer.byteLength(part) : part.length);
  return length;
}
