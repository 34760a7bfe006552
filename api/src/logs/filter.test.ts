import { describe, expect, test } from 'vitest';
import { lineFilter } from './filter.ts';

const finds = (text: string, line: string, given: { regex?: boolean; matchCase?: boolean } = {}) =>
  lineFilter({ text, regex: false, matchCase: false, ...given })?.(line);

describe('what is looked for', () => {
  test('means itself, in capital or small letters', () => {
    expect(finds('a.b(', 'xx A.B( yy')).toBe(true);
    expect(finds('a.b', 'aXb')).toBe(false);
    expect(finds('error', 'ERROR', { matchCase: true })).toBe(false);
  });

  test('may be an expression', () => {
    expect(finds(String.raw`took \d{3,}ms$`, 'took 120ms\n', { regex: true })).toBe(true);
    expect(finds('^tick [13] ', 'TICK 3 of', { regex: true })).toBe(true);
    expect(finds('^tick [13] ', 'TICK 3 of', { regex: true, matchCase: true })).toBe(false);
  });

  test('is found through colours', () => {
    expect(finds('fatal', 'fa\x1b[31mtal')).toBe(true);
  });

  test('is nothing at first', () => {
    expect(lineFilter({ text: '', regex: true, matchCase: false })).toBeNull();
  });
});

describe('expressions that hang others', () => {
  test.each(['(a+)+$', '(a|aa)*b', '(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    '%s takes no longer than the line is long',
    (expression) => {
      expect(finds(expression, `${'a'.repeat(8_000)}!`, { regex: true })).toBe(false);
    },
  );

  test.each([
    '(',
    '(?=a)',
    String.raw`(a)\1`,
    'a{1000}{1000}',
    '((a{100}){10}){10}',
    '(?:x{1,900}y{1,900}){3}',
    '(?:a{500}b{500}c{500}){2}',
  ])('%s is refused in words', (text) => {
    expect(() => lineFilter({ text, regex: true, matchCase: false })).toThrow(/cannot be used/);
  });
});
