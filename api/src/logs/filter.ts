import { stripVTControlCharacters } from 'node:util';
import { RE2JS } from 're2js';
import { ServerKitError } from '../errors.ts';

/** What lines must have to be told. */
export interface LogFilter {
  readonly text: string;
  readonly regex: boolean;
  readonly matchCase: boolean;
}

/** Whether a line is told. */
export type LineFilter = (line: string) => boolean;

/** Longest text or expression that is looked for. Characters. */
export const maxFilterText = 500;
/** Counted repetitions are unrolled; an expression that grows beyond this costs too much for each character. Instructions. */
const maxProgram = 2_000;
/** Of a line no more than this is looked at. Characters. */
const maxLooked = 8_192;

/**
 * Expressions are RE2's: without lookaround and back references, and in return the time a line takes grows with its length
 * alone, whatever the expression is.
 *
 * @throws ServerKitError INPUT_INVALID for an expression that is none, or is too large
 */
export function lineFilter({ text, regex, matchCase }: LogFilter): LineFilter | null {
  if (text === '') return null;
  if (!regex) {
    const fold = (line: string): string => (matchCase ? line : line.toLowerCase());
    const wanted = fold(text);
    return (line) => fold(shown(line)).includes(wanted);
  }
  const pattern = compiled(text, matchCase ? 0 : RE2JS.CASE_INSENSITIVE);
  return (line) => pattern.test(shown(line));
}

/** What people see of it: a colour in the middle of a word does not hide the word, nor a line feed the end. */
function shown(line: string): string {
  return stripVTControlCharacters(line.slice(0, maxLooked)).trimEnd();
}

function compiled(expression: string, flags: number): RE2JS {
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(expression, flags);
  } catch (error) {
    throw new ServerKitError(
      'INPUT_INVALID',
      `The expression cannot be used: ${error instanceof Error ? error.message : 'it is none'}.`,
    );
  }
  if (pattern.programSize() > maxProgram)
    throw new ServerKitError('INPUT_INVALID', 'The expression cannot be used: it repeats too much.');
  return pattern;
}
