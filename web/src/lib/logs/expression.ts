import { RE2JS } from 're2js';
import type { Matcher, Range } from './search.ts';

/** Reads an expression. */
export type Engine = (text: string, matchCase: boolean) => Matcher;

/** Counted repetitions are unrolled; an expression beyond this is slow at every character. Instructions. */
const maxProgram = 2_000;
/** Matches that are marked in one line. */
const maxMarked = 500;

/**
 * Expressions of RE2: without lookaround and back references, and none of them takes longer than the line is long, so that no
 * expression can hang the page. The same that the API takes as a filter.
 */
export const expression: Engine = (text, matchCase) => {
  try {
    const compiled = RE2JS.compile(text, matchCase ? 0 : RE2JS.CASE_INSENSITIVE);
    if (compiled.programSize() > maxProgram) return { error: 'it repeats too much' };
    return {
      pattern: {
        test: (line) => compiled.test(line),
        ranges(line) {
          const ranges: Range[] = [];
          const found = compiled.matcher(line);
          while (ranges.length < maxMarked && found.find()) {
            if (found.end() > found.start()) ranges.push([found.start(), found.end()]);
          }
          return ranges;
        },
      },
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
};
