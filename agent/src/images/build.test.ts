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

test('what a registry refuses a build says what to do', async () => {
  await using jobs = await testJobs();
  const error = 'Get "https://hub.example/v2/": dial tcp: lookup hub.example on 10.0.0.1:53: no such host';
  const open = () => Promise.resolve(Readable.from([Buffer.from(JSON.stringify({ error }))]));
  const options = { dockerfile: 'FROM x', tag: 'web:1', arguments: [], pull: false, noCache: false };
  const { job } = await jobs.begin({ run: (handle) => buildImage({ open }, options, handle) }).ended;
  expect(job).toMatchObject({
    state: 'FAILED',
    errorCode: 'DOCKER_ERROR',
    errorMessage: 'The server finds no registry hub.example: check the name of the image.',
  });
});
