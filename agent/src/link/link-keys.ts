import type { ApprovedSuccession } from '@serverkit/wire/agent-keys.ts';
import type { SigningKey } from '@serverkit/wire/bytes.ts';
import type { KeySetVersion, PinnedKey, PinnedKeySet } from '@serverkit/wire/control-keys.ts';
import type { AgentHello } from '@serverkit/wire/handshake.ts';

/** Who this agent is to its control plane on one call. */
export interface LinkIdentity {
  readonly agentId: string;
  readonly serverId: string;
  readonly key: SigningKey;
  readonly controlKeys: readonly PinnedKey[];
  /** Which set those are. */
  readonly keySet?: KeySetVersion;
  /** Shown with the call, for a control plane that knows an older key of this agent. */
  readonly chain?: readonly ApprovedSuccession[];
}

/** The keys behind the calls, which may change from one to the next. */
export interface LinkKeys {
  /** How to call now. */
  offer(): LinkIdentity;
  /** The control plane does not know the key that was offered. @returns whether there is another way to try at once */
  refused(): boolean;
  /** The control plane proved itself on a call with what was offered. */
  proven(): void;
  /** Keys of the control plane that those pinned before vouch for; an older set than the pinned one changes nothing. */
  learn(set: PinnedKeySet): void;
  /** What the control plane is told of these keys. */
  report(): Pick<AgentHello, 'keySet' | 'keyRotation'>;
}
