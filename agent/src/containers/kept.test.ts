import { expect, test } from 'vitest';
import { Kept, maxExecOutput } from './exec.ts';

test('a command that says a byte at a time takes no more memory than what it said', () => {
  const kept = new Kept();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let at = 0; at < 10_000; at += 1) kept.take(chunk.subarray(at, at + 1));
  expect(kept.text()).toBe('x'.repeat(10_000));
  expect(kept.held).toBeLessThan(32 * 1024);
});

test('what is said beyond the limit is left out, and told to be', () => {
  const kept = new Kept();
  expect(kept.take(Buffer.alloc(maxExecOutput - 1, 'a'))).toBe(true);
  expect(kept.full).toBe(false);
  expect(kept.take(Buffer.from('bc'))).toBe(false);
  expect(kept.full).toBe(true);
  expect(kept.held).toBe(maxExecOutput);
  expect(kept.text().slice(-2)).toBe('ab');
});
