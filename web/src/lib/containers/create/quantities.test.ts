import { expect, test } from 'vitest';
import { bytesOf, bytesText, durationOf, durationText, numberOf } from './quantities.ts';

test.each([
  ['512m', 536_870_912],
  ['512MB', 536_870_912],
  ['1.5GiB', 1_610_612_736],
  [' 64 k ', 65_536],
  ['1000', 1000],
  ['1000b', 1000],
])('%j is a size', (text, bytes) => expect(bytesOf(text)).toBe(bytes));

test.each(['', 'm', '-1', '1x', '1 2', '9999999p'])('%j is no size', (text) =>
  expect(bytesOf(text)).toBeNull(),
);

test.each([0, 1, 1000, 1024, 6_291_456, 536_870_912, 1_610_612_736, 2 ** 40])(
  '%d bytes are written as they are read',
  (bytes) => expect(bytesOf(bytesText(bytes))).toBe(bytes),
);

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1h', 3_600_000],
  ['500ms', 500],
  ['1.5s', 1_500],
])('%j is a duration', (text, ms) => expect(durationOf(text)).toBe(ms));

test.each(['', '30', 's', '1d', '1 s'])('%j is no duration', (text) => expect(durationOf(text)).toBeNull());

test.each([0, 500, 1_000, 90_000, 3_600_000, 3_661_000])('%d ms are written as they are read', (ms) =>
  expect(durationOf(durationText(ms))).toBe(ms),
);

test('a number is nothing but a number', () => {
  expect(['1', '-1', '0.5', '.5', '', '1e3', 'x', '0x1'].map(numberOf)).toEqual([
    1,
    -1,
    0.5,
    0.5,
    null,
    null,
    null,
    null,
  ]);
});
