import { expect, test } from 'vitest';
import * as z from 'zod';
import { endOf, weightOf } from './follower.ts';
import { jobKind } from './kinds.ts';

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

const undone = jobKind({
  name: 'test.undone',
  scope: 'docker:compose:write',
  reads: 'docker:compose:read',
  result: z.object({}),
  undone: true,
});

test.each([
  [
    'what it undid, where its agent says so',
    '{"now":"Version 3 runs again."}',
    /middle of it\. Version 3 runs again\.$/,
  ],
  [
    'what is true of all that is undone, where an older agent does not',
    null,
    /has what ran before run again/,
  ],
  ['no more than it is, where it says what is no text', '{"now":7}', /has what ran before run again/],
])('what was interrupted and is undone tells %s', (_what, result, message) => {
  const end = endOf({ kind: undone.name }, { ...job, state: 'INTERRUPTED', result });
  expect(end).toMatchObject({
    state: 'interrupted',
    result: null,
    error: { code: 'OUTCOME_UNKNOWN', message: expect.stringMatching(message) as unknown },
  });
});
