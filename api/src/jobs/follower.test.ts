import { expect, test } from 'vitest';
import { weightOf } from './follower.ts';

const job = {
  id: 'job_1',
  state: 'RUNNING',
  startedAt: 0,
  finishedAt: null,
  step: null,
  result: null,
  errorCode: null,
  errorMessage: null,
} as const;

test('no batch weighs nothing, and what it holds besides lines counts', () => {
  const empty = weightOf({ lines: [], progress: [], job });
  expect(empty).toBeGreaterThan(100);
  const long = 'x'.repeat(100_000);
  expect(weightOf({ lines: [], progress: [], job: { ...job, result: long } })).toBeGreaterThan(
    empty + 100_000,
  );
});
