import { describe, expect, test } from 'vitest';
import { compiled } from './expression.ts';

const finds = (text: string, line: string, matchCase = false) => compiled({ text, matchCase })(line);

test('an expression finds what it says, in capital or small letters', () => {
  expect(finds(String.raw`took \d{3,}ms$`, 'took 120ms')).toBe(true);
  expect(finds('^tick [13] ', 'TICK 3 of')).toBe(true);
  expect(finds('^tick [13] ', 'TICK 3 of', true)).toBe(false);
});

describe('expressions that hang others', () => {
  test.each(['(a+)+$', '(a|aa)*b', '(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    '%s takes no longer than the line is long',
    (expression) => {
      expect(finds(expression, `${'a'.repeat(8_000)}!`)).toBe(false);
    },
  );

  test.each([
    '(',
    '(?=a)',
    String.raw`(a)\1`,
    'a{1000}{1000}',
    '((a{100}){10}){10}',
    '(?:x{1,900}y{1,900}){3}',
    'a[ab]{600}c',
  ])('%s is refused', (text) => {
    expect(() => compiled({ text, matchCase: false })).toThrow(/./);
  });
});
