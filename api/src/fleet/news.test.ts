import { expect, test } from 'vitest';
import type { JobChange } from '../jobs/events.ts';
import { isNewsOf } from './news.ts';

const part: JobChange = {
  jobId: 'job_part',
  serverId: 'srv_1',
  parentId: 'job_whole',
  kind: 'image.pull',
  ended: false,
};

test('the end of a part is a reason to look at the whole again, and each of its lines is none', () => {
  expect(isNewsOf('job_whole', part)).toBe(false);
  expect(isNewsOf('job_whole', { ...part, ended: true })).toBe(true);
  expect(isNewsOf('job_other', { ...part, ended: true })).toBe(false);
});

test('so is whatever becomes of the whole itself, such as that somebody wants it to end', () => {
  const whole = { ...part, jobId: 'job_whole', parentId: null, serverId: null };
  expect(isNewsOf('job_whole', whole)).toBe(true);
});
