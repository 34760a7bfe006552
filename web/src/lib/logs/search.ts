import { plain } from './ansi.ts';
import type { Engine } from './expression.ts';

export interface Query {
  readonly text: string;
  readonly regex: boolean;
  readonly matchCase: boolean;
}

/** Finds things in text without colours. */
export interface Pattern {
  test(text: string): boolean;
  /** Begin and end of each match; empty matches are left out. */
  ranges(text: string): readonly Range[];
}
export type Range = readonly [from: number, to: number];

/** A broken expression is told as its message; `loading` while what reads expressions is not here yet. */
export type Matcher = { readonly pattern: Pattern } | { readonly error: string } | { readonly loading: true };

/** Looks at no more of a line than this: the page must not hang on one long line. Characters. */
const testedLength = 8192;

/**
 * Null when there is nothing to look for.
 *
 * @param engine - reads expressions in time that grows with the text alone, which those of the browser do not; null while it
 *   is being loaded
 */
export function matcher({ text, regex, matchCase }: Query, engine: Engine | null): Matcher | null {
  if (text === '') return null;
  if (regex) return engine ? engine(text, matchCase) : { loading: true };
  // Nothing but letters that mean themselves: there is nothing to go back for.
  const own = new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), matchCase ? 'gu' : 'giu');
  return {
    pattern: {
      test(line) {
        own.lastIndex = 0;
        return own.test(line);
      },
      ranges: (line) => [...line.matchAll(own)].map(({ index, 0: found }) => [index, index + found.length]),
    },
  };
}

export function matches(pattern: Pattern, text: string): boolean {
  return pattern.test(plain(text).slice(0, testedLength));
}

/** Begin and end of each match in a text as it is shown. */
export function matchRanges(pattern: Pattern, text: string): readonly Range[] {
  return pattern.ranges(text.slice(0, testedLength));
}
