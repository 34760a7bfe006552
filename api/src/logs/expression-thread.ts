import { parentPort } from 'node:worker_threads';
import { compiled, type Expression } from './expression.ts';

/** Some lines, and what is looked for in them. No lines ask whether it is an expression. */
export interface ThreadRequest {
  readonly expression: Expression;
  readonly lines: readonly string[];
}

/** Which lines have it; or why it cannot be looked for. */
export type ThreadAnswer = { readonly found: readonly boolean[] } | { readonly refusal: string };

/** Each has some megabytes of what it learned of the lines before. */
const keep = 8;
const known = new Map<string, (line: string) => boolean>();

parentPort?.on('message', ({ expression, lines }: ThreadRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(expression, lines));
});

function answer(expression: Expression, lines: readonly string[]): ThreadAnswer {
  try {
    const has = patternOf(expression);
    return { found: lines.map(has) };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : 'it is none' };
  }
}

function patternOf(expression: Expression): (line: string) => boolean {
  const key = `${expression.matchCase} ${expression.text}`;
  const pattern = known.get(key) ?? compiled(expression);
  known.delete(key);
  known.set(key, pattern);
  const [oldest] = known.keys();
  if (known.size > keep && oldest !== undefined) known.delete(oldest);
  return pattern;
}
