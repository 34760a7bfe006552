import { expect, test } from 'vitest';
import { fileLine } from './download.ts';

const line = {
  id: 0,
  stream: 'STDOUT',
  source: 1,
  at: '2026-11-22T10:00:00.000000001Z',
  order: '2026-11-22T10:00:00.000000001Z',
  text: '\x1b[31mred\x1b[0m',
} as const;
const sources = ['a', 'b'].map((name) => ({ serverId: 's', containerId: name, name }));

test('a saved line has its time and no colours', () => {
  expect(fileLine({ ...line, source: 0 }, sources.slice(0, 1))).toBe('2026-11-22T10:00:00.000000001Z red\n');
});

test('it names its container when there are several', () => {
  expect(fileLine(line, sources)).toBe('2026-11-22T10:00:00.000000001Z b red\n');
});
