import { Socket } from 'node:net';
import { spawn } from '@lydell/node-pty';

export interface PtyOptions {
  readonly file: string;
  readonly args: string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly columns: number;
  readonly rows: number;
  readonly onOutput: (bytes: Buffer) => void;
  /** The terminal has taken so many bytes of what was written. */
  readonly onTaken: (bytes: number) => void;
  readonly onExit: (code: number) => void;
}

/** A program with a terminal of its own. */
export interface Pty {
  readonly pid: number;
  write(bytes: Buffer): void;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  /** Holds the program back once the kernel's buffer is full. */
  pause(): void;
  resume(): void;
}

/** @throws Error when it cannot be started */
export function openPty(options: PtyOptions): Pty {
  const { file, args, cwd, env, columns, rows, onOutput, onTaken, onExit } = options;
  const terminal = spawn(file, args, { cols: columns, rows, cwd, env, encoding: null });
  // Its own write tells nothing of what is taken, and what nobody reads must be counted by whoever sends it.
  const socket: unknown = Reflect.get(terminal, '_socket');
  if (!(socket instanceof Socket)) throw new Error('the terminal has no stream');
  socket.on('data', onOutput);
  terminal.onExit(({ exitCode, signal }) => onExit(signal ? 128 + signal : exitCode));
  return {
    pid: terminal.pid,
    write: (bytes) => void socket.write(bytes, () => onTaken(bytes.length)),
    resize: (size) => terminal.resize(size.columns, size.rows),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}
