import { plain } from './ansi.ts';

export interface Query {
  readonly text: string;
  readonly regex: boolean;
  readonly matchCase: boolean;
}

/** Finds matches in one line; a broken expression is told as its message. */
export type Matcher = { readonly pattern: RegExp } | { readonly error: string };

/** Tests no more of a line than this: an expression that backtracks must not hang the page on one long line. */
const testedLength = 8192;

/** Null when there is nothing to look for. */
export function matcher({ text, regex, matchCase }: Query): Matcher | null {
  if (text === '') return null;
  const source = regex ? text : text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  try {
    return { pattern: new RegExp(source, matchCase ? 'gu' : 'giu') };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(plain(text).slice(0, testedLength));
}

/** Begin and end of each match in a text; empty matches are left out. */
export function matchRanges(pattern: RegExp, text: string): readonly (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  for (const match of text.slice(0, testedLength).matchAll(pattern)) {
    if (match[0].length > 0) ranges.push([match.index, match.index + match[0].length]);
  }
  return ranges;
}
