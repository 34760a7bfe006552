import type { ComposeProblem } from '@serverkit/wire/compose-file.ts';
import { AgentError } from '../errors.ts';

export type StackProblem = ComposeProblem;

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
