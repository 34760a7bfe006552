import type { Readable } from 'node:stream';

/** Characters. The engine and the kernel take more; no screen has more. */
export const maxColumns = 500;
export const maxRows = 200;
/** Characters of one piece of input. */
export const maxInput = 64 * 1024;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Stands in the environment of everything that a terminal started. */
export const terminalVariable = 'SERVERKIT_TERMINAL';

/** Where a terminal is: in a container, or on the host itself. */
export type TerminalPlace = 'container' | 'host';

/**
 * - `EXITED`: the shell ended by itself
 * - `CLOSED`: somebody closed it
 * - `IDLE`: nobody typed for too long
 * - `ABANDONED`: nobody looked at it for too long
 * - `LOST`: the connection to the shell broke, as Docker was stopped
 * - `STOPPED`: the agent was stopped
 */
export const terminalEnds = ['EXITED', 'CLOSED', 'IDLE', 'ABANDONED', 'LOST', 'STOPPED'] as const;
export type TerminalEnd = (typeof terminalEnds)[number];

/** A shell with a terminal of its own, wherever it runs. */
export interface Shell {
  /** What it writes. Not being read holds it back; it ends with the shell, and fails when the connection breaks. */
  readonly output: Readable;
  /** Bytes of input that are yet to be taken. */
  queued(): number;
  write(text: string): void;
  resize(size: Size): Promise<void>;
  /** Once it has ended; null when that cannot be told. */
  exitCode(): Promise<number | null>;
  /** Ends it with everything that was started in it. Never throws. @returns false when something may be left */
  end(): Promise<boolean>;
}

/** A terminal as lists show it. Times are ms since 1970. */
export interface Terminal extends Size {
  readonly id: string;
  /** Full id of the container, null for one of the host. */
  readonly containerId: string | null;
  /** It reaches beyond its container: whoever uses it needs docker:containers:privileged as well. */
  readonly privileged: boolean;
  /** Who opened it, as the control plane names them. */
  readonly actor: string;
  readonly openedAt: number;
  readonly viewers: number;
}

/** What became of a terminal. Times are ms since 1970. */
export interface TerminalEnded {
  readonly id: string;
  readonly reason: TerminalEnd;
  /** Of a shell that ended by itself. */
  readonly exitCode: number | null;
  readonly openedAt: number;
  readonly endedAt: number;
}

/** Which terminals are open, and which are not any more. */
export interface TerminalNews {
  /** All that are open or being opened now; told once, first. */
  readonly open: readonly string[] | null;
  readonly ended: readonly TerminalEnded[];
}

/** What a viewer is told. */
export type TerminalEvent =
  /** What to show instead of all before; it may go on in `OUTPUT`. */
  | ({ readonly kind: 'SCREEN'; readonly text: string } & Size)
  | { readonly kind: 'OUTPUT'; readonly text: string }
  /** Somebody changed the size. */
  | ({ readonly kind: 'RESIZED' } & Size)
  /** Nobody typed for long: it ends in so many ms unless somebody does. Null: somebody did. */
  | { readonly kind: 'IDLE'; readonly endsInMs: number | null }
  /** The last event. */
  | { readonly kind: 'ENDED'; readonly reason: TerminalEnd; readonly exitCode: number | null };
