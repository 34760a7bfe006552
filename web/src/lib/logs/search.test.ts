import { describe, expect, test } from 'vitest';
import { highlight } from './highlight.ts';
import { expression } from './expression.ts';
import { matcher, matches, matchRanges, type Pattern, type Query } from './search.ts';

function pattern(query: Partial<Query>): Pattern {
  const found = matcher({ text: '', regex: false, matchCase: false, ...query }, expression);
  if (!found || !('pattern' in found)) throw new Error('no pattern');
  return found.pattern;
}

describe('finding', () => {
  test('nothing is looked for at first', () => {
    expect(matcher({ text: '', regex: true, matchCase: false }, null)).toBeNull();
  });

  test('plain text means itself', () => {
    expect(matches(pattern({ text: 'a.b(' }), 'xx a.b( yy')).toBe(true);
    expect(matches(pattern({ text: 'a.b' }), 'aXb')).toBe(false);
  });

  test('case counts only when asked', () => {
    expect(matches(pattern({ text: 'error' }), 'ERROR')).toBe(true);
    expect(matches(pattern({ text: 'error', matchCase: true }), 'ERROR')).toBe(false);
  });

  test('expressions', () => {
    expect(matches(pattern({ text: String.raw`took \d{3,}ms`, regex: true }), 'took 120ms')).toBe(true);
    expect(matcher({ text: '(', regex: true, matchCase: false }, expression)).toHaveProperty('error');
  });

  test('expressions wait for what reads them', () => {
    expect(matcher({ text: 'a', regex: true, matchCase: false }, null)).toEqual({ loading: true });
  });

  test.each(['(a+)+$', '(a|aa)*b', '^(([a-z])+.)+[A-Z]([a-z])+$'])('%s hangs nothing', (text) => {
    expect(matches(pattern({ text, regex: true }), `${'a'.repeat(8_000)}!`)).toBe(false);
  });

  test('an expression that repeats too much is refused', () => {
    const query = { text: '(?:a{500}b{500}c{500}){2}', regex: true, matchCase: false };
    expect(matcher(query, expression)).toHaveProperty('error');
  });

  test('colours are looked through', () => {
    expect(matches(pattern({ text: 'ab' }), 'a\x1b[31mb')).toBe(true);
  });

  test('the same pattern can be asked again and again', () => {
    const again = pattern({ text: 'a' });
    expect([matches(again, 'a'), matches(again, 'a')]).toEqual([true, true]);
  });
});

describe('marking', () => {
  test('all matches, empty ones left out', () => {
    expect(matchRanges(pattern({ text: 'a*', regex: true }), 'aab a')).toEqual([
      [0, 2],
      [4, 5],
    ]);
  });

  test('a match over two colours keeps both', () => {
    const pieces = highlight([{ text: 'abc', fg: 1 }, { text: 'def' }], [[2, 4]]);
    expect(pieces).toEqual([
      { text: 'ab', fg: 1, hit: false },
      { text: 'c', fg: 1, hit: true },
      { text: 'd', hit: true },
      { text: 'ef', hit: false },
    ]);
  });

  test('several matches in one stretch', () => {
    expect(
      highlight(
        [{ text: 'abab' }],
        [
          [0, 1],
          [2, 3],
        ],
      ).map(({ text, hit }) => `${text}${hit ? '!' : ''}`),
    ).toEqual(['a!', 'b', 'a!', 'b']);
  });
});
