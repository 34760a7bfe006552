import type { CreditWindow } from '../context.ts';
import type { Source } from '../source.ts';
import type { Size, Terminal, TerminalEvent, TerminalNews, TerminalPlace } from './terminal.ts';

/** Who asks, and what the operation was authorised with. */
export interface Caller {
  readonly actor: string;
  readonly scopes: ReadonlySet<string>;
}

export interface OpenContainerTerminal extends Size {
  readonly id: string;
  /** As Docker takes it: id, beginning of an id, or name. */
  readonly container: string;
  /** Name or number, with a group after a colon if wanted; the container's own when null. */
  readonly user: string | null;
}

export interface OpenHostTerminal extends Size {
  readonly id: string;
}

/** Which terminal, by whom. */
export interface TerminalCall {
  readonly place: TerminalPlace;
  readonly id: string;
  readonly caller: Caller;
}

export interface FollowTerminal extends TerminalCall {
  /** To record it: counts as nobody who looks, and sets nobody's pace. @default false */
  readonly recording?: boolean;
}

/** Terminals of this host. Every method throws AgentError: NOT_FOUND for a terminal that ended. */
export interface Terminals {
  openInContainer(
    options: OpenContainerTerminal,
    caller: Caller & { deniesPath(path: string): boolean },
    signal: AbortSignal,
  ): Promise<Terminal>;
  /** A login shell of the account that this host's configuration names. */
  openOnHost(options: OpenHostTerminal, caller: Caller, signal: AbortSignal): Promise<Terminal>;
  list(place: TerminalPlace): Terminal[];
  /** Its screen, then what is written and happens to it. Ends with the terminal. */
  follow(call: FollowTerminal, credits: CreditWindow, signal: AbortSignal): Source<TerminalEvent>;
  write(call: TerminalCall, text: string): void;
  /** While whoever opened it looks at it, only they change its size; for others it stays as it is. */
  resize(call: TerminalCall, size: Size): Promise<Terminal>;
  close(call: TerminalCall): Promise<void>;
  /** What ended lately and is open now, then each that ends: for the record of the control plane. */
  news(signal: AbortSignal): Source<TerminalNews>;
  /** Ends all of them, as the agent stops. */
  stop(): Promise<void>;
}
