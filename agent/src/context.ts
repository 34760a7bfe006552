import type { Audit } from './audit.ts';
import type { ReplacementNotes } from './containers/replacements.ts';
import type { DockerFiles } from './docker-files/service.ts';
import type { DockerService } from './docker/service.ts';
import type { Keyring, KeySession } from './identity/keyring.ts';
import type { JobService } from './jobs/service.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import type { Policy } from './policy.ts';
import type { StackService } from './stacks/service.ts';
import type { FactsSource } from './system/facts.ts';
import type { Ring } from './system/ring.ts';
import type { Sampling } from './system/sampling.ts';
import type { Terminals } from './terminals/service.ts';

/**
 * How much of a bulk stream (logs, terminals, copies) its consumer is ready to take, in bytes. It starts at
 * the window named in the subscription and grows with each grant that the control plane sends.
 */
export interface CreditWindow {
  /**
   * Waits until `bytes` were granted and spends them. A piece larger than the whole window is let through
   * when the window is full again, so it cannot wait for ever.
   *
   * @throws when the operation is aborted meanwhile
   */
  take(bytes: number): Promise<void>;
  /** Bytes that could be taken now without waiting. */
  available(): number;
}

/** What lives as long as the agent's process and every resolver may use. */
export interface AgentServices {
  readonly docker: DockerService;
  readonly dockerFiles: DockerFiles;
  readonly stacks: StackService;
  readonly replacements: ReplacementNotes;
  readonly sampling: Sampling;
  readonly ring: Ring;
  readonly facts: FactsSource;
  readonly journal: Journal;
  readonly jobs: JobService;
  readonly audit: Audit;
  readonly policy: Policy;
  readonly keyring: Pick<Keyring, 'rotate' | 'adopt' | 'drop'>;
  readonly log: Log;
  readonly terminals: Terminals;
  /** Ends this process once pending answers are out, for its supervisor to start it again. */
  restart(): void;
}

/** One operation from the control plane, after its envelope was verified. */
export interface OperationContext {
  readonly operationId: string;
  /** Who asked for it, as the control plane names them. For audit and journal; never for decisions. */
  readonly actor: string;
  /** What the operation was authorised with, cut to what the server and this host's policy allow. */
  readonly scopes: ReadonlySet<string>;
  /** Aborted by Complete and by the loss of the link. */
  readonly signal: AbortSignal;
  readonly credits: CreditWindow;
  readonly keySession: KeySession;
  readonly services: AgentServices;
}
