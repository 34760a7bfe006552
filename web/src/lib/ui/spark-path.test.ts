import { expect, test } from 'vitest';
import { sparkPath } from './spark-path.ts';

const box = { width: 20, height: 10, top: 100 };

test('a line through all values, and the area below it', () => {
  const { line, area } = sparkPath([0, 100, 50], box);
  expect(line).toBe('M0 9.3L10 0.8L20 5');
  expect(area).toBe('M0 9.3L10 0.8L20 5L20 10L0 10Z');
});

test('a gap ends one stroke and begins another', () => {
  expect(sparkPath([50, null, 50], box).line).toBe('M0 5M20 5');
});

test('values beyond the ends are held at them', () => {
  expect(sparkPath([-20, 400], box).line).toBe('M0 9.3L20 0.8');
});

test('nothing measured, nothing drawn', () => {
  expect(sparkPath([null, null], box)).toEqual({ line: '', area: '' });
});
