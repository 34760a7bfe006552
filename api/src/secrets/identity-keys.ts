import type { KeyObject } from 'node:crypto';

/** One Ed25519 key of the control plane. */
export interface IdentityKey {
  /** `cp_` and the first 16 hex digits of SHA-256 over the raw public key. */
  readonly id: string;
  /** Raw public key, 32 bytes. */
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
}

/** The set agents pin: what signs today, what will sign after a rotation, and what can repair a loss. */
export interface ControlPlaneKeys {
  readonly current: IdentityKey;
  readonly next: IdentityKey;
  readonly recovery: IdentityKey;
}
