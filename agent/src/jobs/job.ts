import type { AgentErrorCode } from '@serverkit/wire/errors.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';

/** INTERRUPTED: the agent's process ended in the middle of it, so part of the work may have been done. */
export type JobState = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'INTERRUPTED';

export type LineStream = 'STDOUT' | 'STDERR' | 'STEP';

/** What a job said. STEP: the name of a step that begins. */
export interface JobLine {
  /** From 1, without gaps as long as nothing was dropped. */
  readonly seq: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly stream: LineStream;
  readonly text: string;
}

/** How far one part of a job is: a layer, a service, a target. Only the newest word on each item counts. */
export interface JobProgress {
  readonly item: string;
  readonly status: string;
  readonly current: number | null;
  /** Null while it is not known. */
  readonly total: number | null;
  readonly unit: 'BYTES' | 'COUNT' | null;
}

export type JobResult = Readonly<Record<string, unknown>>;

/** What is known of a job besides its lines; written down when it begins and when it ends. */
export interface Job {
  readonly id: string;
  /** noun.verb, such as `image.pull`. */
  readonly kind: string;
  /** What it works on, for people. */
  readonly target: string;
  /** Without it nobody reads its lines or cancels it. */
  readonly scope: AgentScope;
  readonly actor: string;
  readonly state: JobState;
  readonly step: string | null;
  readonly progress: readonly JobProgress[];
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly errorCode: AgentErrorCode | null;
  readonly errorMessage: string | null;
  readonly result: JobResult | null;
  /** `seq` of the newest line; 0 while there is none. */
  readonly lastLine: number;
}

/** What the work itself is given. */
export interface JobHandle {
  readonly id: string;
  /** As that of {@link Job}. */
  readonly actor: string;
  /** Aborted when the job is cancelled or the agent stops. Whatever the work waits for must listen to it. */
  readonly signal: AbortSignal;
  /** One line or several; more than 4096 characters of one are cut. */
  line(text: string, stream?: 'STDOUT' | 'STDERR'): void;
  /** Replaces what was said of this item. */
  progress(
    progress: Pick<JobProgress, 'item' | 'status'> & Partial<Pick<JobProgress, 'current' | 'total' | 'unit'>>,
  ): void;
  /** A named part of the work begins. */
  step(name: string): void;
  /** Whoever passes on what another program says awaits it in between, so that a flood holds up nobody else. */
  ready(): Promise<void>;
  /** Values that it learned on the way and that must appear nowhere: blanked in what it says from then on. */
  hide(secrets: readonly string[]): void;
}

export interface JobStart {
  /** Given by the control plane; the same id again answers the same job. */
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly scope: AgentScope;
  readonly actor: string;
  /** Values that must appear nowhere; blanked in whatever the job says, should another program quote them. */
  readonly secrets?: readonly string[];
  /** The work. What it returns is the job's result; an AgentError is its failure, with its code. */
  readonly run: (job: JobHandle) => Promise<JobResult | undefined>;
}

/** What became of what a job had begun when the agent ended. */
export interface Aftermath {
  /** What there is now, in words. */
  readonly now: string;
  /** Values that must not be among them. @default none */
  readonly secrets?: readonly string[];
}

export function isEnded({ state }: Pick<Job, 'state'>): boolean {
  return state !== 'RUNNING';
}

/** Why the signal of a job is aborted that nobody cancelled: the next agent finds it unfinished, and says so. */
export class AgentStops extends Error {
  constructor() {
    super('the agent stops');
    this.name = 'AgentStops';
  }
}
