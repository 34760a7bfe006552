import { spawn } from 'node:child_process';

/** How a stage ended. */
export interface Outcome {
  /** Absent when the stage could not run; `remark` then says why. */
  readonly ok?: boolean;
  /** What passed and failed inside a stage that consists of tests. */
  readonly passed?: number;
  readonly failed?: number;
  /** One line for the summary. */
  readonly remark?: string;
  /** What failed and why, a line or two each, to be said once more where it is not lost among all the rest. */
  readonly faults?: readonly string[];
  /** What to print when the stage is done, if it was not printed while it ran. */
  readonly output?: string;
}

/** One line of the summary. */
export interface Stage {
  readonly name: string;
  /** Stages of one kind that may run beside each other; the others run alone, in order. */
  readonly quick?: boolean;
  run(): Promise<Outcome>;
}

/** A stage that ran, and for how long in milliseconds. */
export interface Done extends Outcome {
  readonly name: string;
  readonly duration: number;
}

/** Under CI=true nothing may be missing and nothing may be skipped. */
export const strict = process.env['CI'] === 'true';

/** Runs a command and keeps what it prints, to be shown if it fails. */
export async function quietly(
  [program = '', ...args]: readonly string[],
  options: { cwd?: string } = {},
): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: string): void => {
    output += chunk;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.once('error', reject);
  child.once('close', resolve);
  return (await promise) === 0 ? { ok: true } : { ok: false, output };
}
