import type { Readable } from 'node:stream';
import type { ParseArgsConfig } from 'node:util';
import type { Client } from '../src/node.ts';
import type { Env } from './config.ts';
import type { Output } from './output.ts';

/** Standard input. */
export type Input = Readable & { readonly isTTY?: boolean };

/** What a command works with. */
export interface Run {
  readonly positionals: readonly string[];
  /** Options by their long names, as `node:util` parses them. */
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly env: Env;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Connects with the context chosen. */
  client(): Client;
  /** Tells the user something beside the output, on standard error. */
  tell(sentence: string): void;
  readonly stdin: () => Input;
}

export interface Command {
  /** How it is called, such as `logs [-f] CONTAINER`. */
  readonly usage: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** The rest of its help. */
  readonly help?: string;
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  run(run: Run): Promise<void>;
}

export function text(run: Run, name: string): string | undefined {
  const value = run.values[name];
  return typeof value === 'string' ? value : undefined;
}

export function flag(run: Run, name: string): boolean {
  return run.values[name] === true;
}

/** An option that may be given several times. */
export function list(run: Run, name: string): string[] {
  const value = run.values[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
