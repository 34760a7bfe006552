import { describe, expect, test } from 'vitest';
import { LogBuffer } from './buffer.ts';
import type { LogLine } from './splitter.ts';

let next = 0;
const line = (text: string, at = ''): LogLine => ({
  id: next++,
  stream: 'STDOUT',
  source: 0,
  at,
  order: at,
  text,
});
const texts = (buffer: LogBuffer) => buffer.lines.map(({ text }) => text).join(' ');

test('keeps the order of arrival', () => {
  const buffer = new LogBuffer();
  buffer.add([line('b', '2'), line('a', '1')]);
  buffer.add([line('c', '0')]);
  expect(texts(buffer)).toBe('b a c');
});

describe('merging several logs', () => {
  test('puts a line where its time belongs', () => {
    const buffer = new LogBuffer();
    buffer.add([line('b', '2'), line('d', '4')], { merge: true });
    buffer.add([line('e', '5'), line('a', '1'), line('c', '3')], { merge: true });
    expect(texts(buffer)).toBe('a b c d e');
  });

  test('leaves lines of one moment as they came', () => {
    const buffer = new LogBuffer();
    buffer.add([line('a', '1'), line('b', '1')], { merge: true });
    buffer.add([line('c', '1')], { merge: true });
    expect(texts(buffer)).toBe('a b c');
  });
});

describe('bounds', () => {
  test('the oldest lines go first, and are counted', () => {
    const buffer = new LogBuffer({ maxLines: 3 });
    buffer.add(['a', 'b', 'c', 'd', 'e'].map((text) => line(text)));
    expect(texts(buffer)).toBe('c d e');
    expect(buffer.dropped).toBe(2);
  });

  test('long lines count by their length, and the newest always stays', () => {
    const buffer = new LogBuffer({ maxCharacters: 10 });
    buffer.add([line('aaaa'), line('bbbb'), line('cccc')]);
    expect(texts(buffer)).toBe('bbbb cccc');
    buffer.add([line('x'.repeat(50))]);
    expect(buffer.lines).toHaveLength(1);
    buffer.add([line('d')]);
    expect(texts(buffer)).toBe('d');
  });

  test('an emptied buffer begins anew', () => {
    const buffer = new LogBuffer({ maxLines: 1 });
    buffer.add([line('a'), line('b')]);
    buffer.clear();
    expect([buffer.lines.length, buffer.dropped]).toEqual([0, 0]);
  });
});
