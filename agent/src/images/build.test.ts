import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { testJobs } from '../jobs/testing.ts';
import { buildImage } from './build.ts';

test('the instructions that a build repeats are told without the passwords that they set', async () => {
  await using jobs = await testJobs();
  const said = [
    { stream: 'Step 1/2 : ENV DB_PASSWORD=hunter2\n' },
    { stream: ' ---> Running in 0123\n' },
    { stream: 'fetching https://ada:hunter2@example.com/x\n' },
    { aux: { ID: 'sha256:1' } },
  ];
  const open = () =>
    Promise.resolve(Readable.from(said.map((one) => Buffer.from(`${JSON.stringify(one)}\n`))));
  const options = { dockerfile: 'FROM x', tag: 'web:1', arguments: [], pull: false, noCache: false };
  const { job, lines } = await jobs.begin({ run: (handle) => buildImage({ open }, options, handle) }).ended;
  expect(job).toMatchObject({ state: 'SUCCEEDED' });
  expect(lines.map(({ text }) => text)).toContain(' ---> Running in 0123');
  expect(JSON.stringify([job, lines])).not.toContain('hunter2');
});
