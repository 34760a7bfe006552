import { describe, expect, test } from 'vitest';
import { isAtLeast, levelOf } from './levels.ts';

test.each([
  ['2026-11-22 ERROR could not connect', 'error'],
  ['[warn] slow query', 'warning'],
  ['time="12:00" level=warning msg="x"', 'warning'],
  ['{"level":"info","msg":"an ERROR was mended"}', 'info'],
  ['{"level":50,"msg":"no"}', 'error'],
  ['{"level":30,"msg":"yes"}', 'info'],
  ['{"severity":"CRITICAL"}', 'error'],
  ['\u001b[31mERROR\u001b[0m red', 'error'],
  ['E1122 17:00:00.000000 1 main.go:3] klog', 'error'],
  ['LOG: ready|DEBUG|x', 'debug'],
  ['<notice> nginx', 'info'],
  ['there was no error at all', null],
  ['GET /error 200', null],
  ['', null],
])('%j is %s', (line, level) => {
  expect(levelOf(line)).toBe(level);
});

describe('of lines that say no level', () => {
  test('standard error counts as a warning', () => {
    expect(isAtLeast(null, 'warning', 'STDERR')).toBe(true);
    expect(isAtLeast(null, 'warning', 'STDOUT')).toBe(false);
    expect(isAtLeast(null, 'error', 'STDERR')).toBe(false);
    expect(isAtLeast('error', 'warning', 'STDOUT')).toBe(true);
    expect(isAtLeast('debug', 'info', 'STDOUT')).toBe(false);
  });
});
