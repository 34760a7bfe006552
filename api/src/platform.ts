import type { Logger } from 'pino';
import type { Database } from './database/database.ts';
import type { Environment } from './env.ts';
import type { FrontDoor } from './http/front-door.ts';
import type { Router } from './http/router.ts';
import type { ControlPlaneKeys } from './secrets/identity-keys.ts';
import type { Vault } from './secrets/vault.ts';

/** What every room may lean on. Built once by main.ts, or by a test. */
export interface Platform {
  readonly env: Environment;
  readonly log: Logger;
  readonly db: Database;
  /** Seals what is stored encrypted at rest. */
  readonly vault: Vault;
  /** The Ed25519 keys agents know this control plane by. */
  readonly keys: ControlPlaneKeys;
  /** How others reach us: addresses, certificate authority, what is in the way. */
  readonly frontDoor: FrontDoor;
}

/**
 * One part of the process with a life of its own. Rooms are started in the order app.ts lists them and drained
 * in the reverse order, so a room may rely on those before it.
 */
export interface Room {
  readonly name: string;
  /** Hangs routes and upgrades; called once, before the port opens. */
  routes?(router: Router): void;
  /** Before the port opens: whatever must hold before the first request (first admin, sweeps of old state). */
  prepare?(): Promise<void>;
  /** The port is open and the ready line was printed: print, start loops, start the local agent. */
  started?(): Promise<void> | void;
  /**
   * Ends what the room holds open: refuses new work, closes links (1012) and sockets (1001), lets what is in
   * flight finish. `signal` aborts when time is up.
   */
  drain?(signal: AbortSignal): Promise<void> | void;
}
