import { stripVTControlCharacters } from 'node:util';
import type { ExpressionReader, Expressions } from './expressions.ts';

/** What lines must have to be told. */
export interface LogFilter {
  readonly text: string;
  readonly regex: boolean;
  readonly matchCase: boolean;
}

/** Which of some lines are told. Once their reader left, it may say less than it was asked. */
export type LineFilter = (lines: readonly string[]) => Promise<readonly boolean[]>;

/** Longest text or expression that is looked for. Characters. */
export const maxFilterText = 500;
/** Of a line no more than this is looked at. Characters. */
const maxLooked = 8_192;

/**
 * @returns null where nothing is looked for
 * @throws ServerKitError INPUT_INVALID for an expression that is none, or is too large
 */
export async function lineFilter(
  { text, regex, matchCase }: LogFilter,
  expressions: Expressions,
  reader: ExpressionReader,
): Promise<LineFilter | null> {
  if (text === '') return null;
  if (!regex) {
    const fold = (line: string): string => (matchCase ? line : line.toLowerCase());
    const wanted = fold(text);
    return (lines) => Promise.resolve(lines.map((line) => fold(shown(line)).includes(wanted)));
  }
  const expression = { text, matchCase };
  await expressions.check(expression, reader);
  return (lines) => expressions.find(expression, lines.map(shown), reader);
}

/** What people see of it: a colour in the middle of a word does not hide the word, nor a line feed the end. */
function shown(line: string): string {
  return stripVTControlCharacters(line.slice(0, maxLooked)).trimEnd();
}
