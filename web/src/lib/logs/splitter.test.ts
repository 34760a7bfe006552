import { describe, expect, test } from 'vitest';
import { LineSplitter, longestLine } from './splitter.ts';

function splitter(source = 0) {
  let id = 0;
  const lines = new LineSplitter(source, () => id++);
  return (
    text: string,
    { stream = 'STDOUT', partial = false }: { stream?: 'STDOUT' | 'STDERR'; partial?: boolean } = {},
  ) => lines.push({ stream, text, partial });
}

test('one segment can hold many lines', () => {
  expect(splitter()('a\n\nb\n').map(({ text }) => text)).toEqual(['a', '', 'b']);
});

test('pieces of a long line are put together', () => {
  const push = splitter();
  expect(push('be', { partial: true })).toEqual([]);
  expect(push('gin', { partial: true })).toEqual([]);
  expect(push('ning\n').map(({ text }) => text)).toEqual(['beginning']);
});

test('the streams do not run into each other', () => {
  const push = splitter();
  push('out', { partial: true });
  expect(push('error\n', { stream: 'STDERR' }).map(({ text, stream }) => [text, stream])).toEqual([
    ['error', 'STDERR'],
  ]);
  expect(push('put\n').map(({ text }) => text)).toEqual(['output']);
});

test('a last line without its end is a line', () => {
  expect(splitter()('the end').map(({ text }) => text)).toEqual(['the end']);
});

describe('the time in front', () => {
  test('is taken off', () => {
    const [line] = splitter()('2026-11-22T10:32:07.123456789Z hello world\n');
    expect(line).toMatchObject({ at: '2026-11-22T10:32:07.123456789Z', text: 'hello world' });
  });

  test('belongs to the first piece only', () => {
    const push = splitter();
    push('2026-11-22T10:32:07.1Z be', { partial: true });
    expect(push('gin\n')[0]).toMatchObject({ at: '2026-11-22T10:32:07.1Z', text: 'begin' });
  });

  test('is not invented where there is none', () => {
    expect(splitter()('2026-11-22 something\n')[0]).toMatchObject({ at: '', text: '2026-11-22 something' });
  });
});

test('a line that never ends is cut and costs no more', () => {
  const push = splitter();
  for (let piece = 0; piece < 100; piece++) push('x'.repeat(64 * 1024), { partial: true });
  expect(push('\n')[0]?.text).toHaveLength(longestLine);
  expect(push('next\n')[0]?.text).toBe('next');
});

test('lines are numbered and name their source', () => {
  expect(splitter(3)('a\nb\n').map(({ id, source }) => [id, source])).toEqual([
    [0, 3],
    [1, 3],
  ]);
});
