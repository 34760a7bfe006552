import { AgentError } from '../errors.ts';

/** Something that is wrong with a stack's file, for a person who edits it. */
export interface StackProblem {
  /** From 1; null where it cannot be told. */
  readonly line: number | null;
  readonly message: string;
}

/** A stack's file cannot be used. */
export class StackError extends AgentError {
  readonly problems: readonly StackProblem[];

  constructor(problems: readonly StackProblem[]) {
    super('INPUT_INVALID', problems.slice(0, 8).map(sentence).join(' '));
    this.problems = problems;
  }
}

function sentence({ line, message }: StackProblem): string {
  const text = /[.!?]$/.test(message) ? message : `${message}.`;
  return line === null ? text : `Line ${line}: ${text}`;
}
