import { expect, test } from 'vitest';
import { shareDone } from './share.ts';

const part = (current: number | null, total: number | null) => ({
  item: '',
  status: '',
  current,
  total,
  unit: 'BYTES' as const,
});

test('how far a job is counts what has a total, and no part more than whole', () => {
  expect(shareDone({ progress: [part(50, 100), part(300, 100), part(7, null)] })).toBe(75);
});

test('where nothing is counted there is no share', () => {
  expect(shareDone({ progress: [] })).toBeNull();
  expect(shareDone({ progress: [part(null, null), part(0, 0)] })).toBeNull();
});
