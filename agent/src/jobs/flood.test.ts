import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SEGMENT_BYTES } from './spool.ts';
import { gather, testJobs, type TestJobs } from './testing.ts';

let jobs: TestJobs;
beforeEach(async () => {
  jobs = await testJobs();
});
afterEach(() => jobs[Symbol.asyncDispose]());

/** Says this much, as another program would. Lines of 1000 characters. */
const flood = (lines: number) => ({
  run: async (job: { line(text: string): void; ready(): Promise<void> }) => {
    const text = 'x'.repeat(1_000);
    for (let n = 0; n < lines; n += 1) {
      job.line(text);
      await job.ready();
    }
    return undefined;
  },
});

test('a flood of lines leaves the newest on the disk, no more than two files of them', async () => {
  const { id, ended } = jobs.begin(flood(10_000));
  await ended;
  const folder = path.join(jobs.dir.path, id);
  const sizes = readdirSync(folder)
    .filter((file) => file.startsWith('lines'))
    .map((file) => statSync(path.join(folder, file)).size);
  expect(sizes.length).toBe(2);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(SEGMENT_BYTES);
  const { lines } = await jobs.follow(id);
  expect(lines.at(-1)?.seq).toBe(10_000);
  const first = lines[0]?.seq ?? 0;
  expect(first).toBeGreaterThan(1);
  // What is kept has no gaps.
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_line, index) => first + index));
}, 30_000);

/** @returns how many lines are said at most before others have their turn */
async function mostAtOnce(): Promise<number> {
  let said = 0;
  const { ended } = jobs.begin({
    run: async (job) => {
      const text = 'x'.repeat(1_000);
      for (said = 0; said < 5_000; said += 1) {
        job.line(text);
        await job.ready();
      }
      return undefined;
    },
  });
  let over = false;
  const done = ended.then(() => (over = true));
  let most = 0;
  for (let before = said; !over; before = said) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, said - before);
  }
  await done;
  return most;
}

test('a flood of lines lets everything else have its turn, every quarter of a megabyte', async () => {
  const most = await mostAtOnce();
  expect(most).toBeGreaterThan(0);
  // A line is a little longer on the disk than its text.
  expect(most).toBeLessThanOrEqual(Math.ceil((256 * 1024) / 1_000));
}, 30_000);

test('a flood of lines lets everything else have its turn where each of them takes long', async () => {
  // Whole numbers: with what a clock says, ninety-nine and one are not always a hundred.
  let now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1));
  expect(await mostAtOnce()).toBeLessThanOrEqual(100);
}, 30_000);

test('a reader without credit holds up the reading, not the job', async () => {
  const { id, ended } = jobs.begin(flood(2_000));
  const { promise: granted, resolve: grant } = Promise.withResolvers<void>();
  const stingy = { take: () => granted, available: () => 0 };
  const told = gather(jobs.service.follow(id, 0, stingy, new AbortController().signal));
  expect((await ended).job.state).toBe('SUCCEEDED');
  grant();
  expect((await told).lines).toHaveLength(2_000);
}, 30_000);
