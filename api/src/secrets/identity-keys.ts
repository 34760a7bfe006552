import type { SigningKey } from '@serverkit/wire/bytes.ts';

/** The set agents pin: what signs today, what will sign after a rotation, and what can repair a loss. */
export interface ControlPlaneKeys {
  readonly current: SigningKey;
  readonly next: SigningKey;
  readonly recovery: SigningKey;
}
