import { RE2JS } from 're2js';

/** What somebody looks for in lines, in the syntax of RE2. */
export interface Expression {
  readonly text: string;
  readonly matchCase: boolean;
}

/** Counted repetitions are unrolled; an expression that grows beyond this costs too much for each character. Instructions. */
const maxProgram = 500;

/**
 * Expressions are RE2's: without lookaround and back references, and in return the time a line takes grows with its length
 * alone. It grows with the size of the expression as well, up to some 20 µs for each character: see `Expressions`.
 *
 * @throws Error with words that end a sentence, for what is no expression or too large a one
 */
export function compiled({ text, matchCase }: Expression): (line: string) => boolean {
  const pattern = RE2JS.compile(text, matchCase ? 0 : RE2JS.CASE_INSENSITIVE);
  if (pattern.programSize() > maxProgram) throw new Error('it repeats too much');
  return (line) => pattern.test(line);
}
