import { expect, test } from 'vitest';
import { OutputText } from './text.ts';

/** What comes of bytes that arrive in chunks of this size. */
function pieces(bytes: Buffer, size: number): string[] {
  const text = new OutputText();
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...text.take(bytes.subarray(at, at + size)));
  return found;
}

test('no piece ends within a character, wherever the bytes were cut', () => {
  const text = 'aé漢😀z'.repeat(2000);
  for (const size of [1, 2, 3, 5, 7, 4095, 4096, 100_000]) {
    const found = pieces(Buffer.from(text), size);
    expect(found.join('')).toBe(text);
    expect(found.every((piece) => piece.isWellFormed())).toBe(true);
  }
});

test.each(['\u001b[1;31m', '\u001b]0;title\u0007', '\u001b(B', '\u001b[?2004h', '\u001bP$q"p\u001b\\'])(
  'no piece ends within the order %j',
  (order) => {
    for (const size of [1, 2, 3, 4, 5]) {
      const found = pieces(Buffer.from(`before${order}after`), size);
      expect(found.join('')).toBe(`before${order}after`);
      expect(found.some((piece) => piece.endsWith(order.slice(0, 2)) && order.length > 2)).toBe(false);
    }
  },
);

test('an order without an end does not hold back what follows for ever', () => {
  const endless = `\u001b]0;${'x'.repeat(10_000)}`;
  expect(pieces(Buffer.from(endless), 100).join('').length).toBeGreaterThan(9_000);
});

test('pieces are short, so that nothing else waits long while one is shown', () => {
  expect(Math.max(...pieces(Buffer.alloc(1_000_000, 'y\r\n'), 65_536).map((piece) => piece.length))).toBe(
    4096,
  );
});

test('marks without a width do not gather in one cell without end', () => {
  const found = pieces(Buffer.from(`a${'\u0301'.repeat(50_000)}b`), 65_536).join('');
  expect(found.length).toBeLessThan(1000);
  expect(found.startsWith('a\u0301')).toBe(true);
  expect(found.endsWith('b')).toBe(true);
});
