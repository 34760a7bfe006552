import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../errors.ts';
import type { Aftermath, JobHandle } from './job.ts';
import { jobId, testJobs, type TestJobs } from './testing.ts';

let jobs: TestJobs;
beforeEach(async () => {
  jobs = await testJobs();
});
afterEach(() => jobs[Symbol.asyncDispose]());

/** Works until it is cancelled. */
function endless({ signal }: JobHandle): Promise<undefined> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

test('a job tells its lines in order, its steps, its progress and its result', async () => {
  const { ended } = jobs.begin({
    run: (job) => {
      job.step('Build');
      job.line('one\r\ntwo');
      job.line('three', 'STDERR');
      job.progress({ item: 'a', status: 'Waiting' });
      job.progress({ item: 'a', status: 'Done', current: 3, total: 3, unit: 'BYTES' });
      return Promise.resolve({ id: 'x' });
    },
  });
  const { job, lines, progress } = await ended;
  expect(lines.map(({ seq, stream, text }) => [seq, stream, text])).toEqual([
    [1, 'STEP', 'Build'],
    [2, 'STDOUT', 'one'],
    [3, 'STDOUT', 'two'],
    [4, 'STDERR', 'three'],
  ]);
  expect(progress.get('a')).toEqual({ item: 'a', status: 'Done', current: 3, total: 3, unit: 'BYTES' });
  expect(job).toMatchObject({ state: 'SUCCEEDED', step: 'Build', result: { id: 'x' }, lastLine: 4 });
});

test('the same id again answers the same job and does nothing twice', async () => {
  let ran = 0;
  const run = () => {
    ran += 1;
    return Promise.resolve(undefined);
  };
  const { id, ended } = jobs.begin({ run });
  jobs.begin({ id, run });
  await ended;
  jobs.begin({ id, run });
  expect(ran).toBe(1);
  for (const other of [{ kind: 'other.work' }, { actor: 'usr_2' }, { target: 'another' }]) {
    expect(() => jobs.begin({ id, ...other, run })).toThrow('another job');
  }
});

test('followed from a line on, it tells what comes after, and each line once', async () => {
  const { id, ended } = jobs.begin({
    run: (job) => {
      for (let n = 1; n <= 5_000; n += 1) job.line(`line ${n}`);
      return Promise.resolve(undefined);
    },
  });
  await ended;
  const { lines } = await jobs.follow(id, 1_234);
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 3_766 }, (_, index) => index + 1_235));
});

test('what fails says why in its own words, and what nobody expected says nothing', async () => {
  const known = jobs.begin({ run: () => Promise.reject(new AgentError('CONFLICT', 'It is in use.')) });
  expect((await known.ended).job).toMatchObject({
    state: 'FAILED',
    errorCode: 'CONFLICT',
    errorMessage: 'It is in use.',
  });
  const unknown = jobs.begin({ run: () => Promise.reject(new Error('/home/ada/.secret')) });
  const { job } = await unknown.ended;
  expect(job).toMatchObject({ state: 'FAILED', errorCode: 'AGENT_INTERNAL' });
  expect(job.errorMessage).not.toContain('ada');
});

describe('cancelling', () => {
  test('ends what is at work', async () => {
    const { id, ended } = jobs.begin({ run: endless });
    expect(jobs.service.cancel(id)).toMatchObject({ state: 'RUNNING' });
    expect((await ended).job).toMatchObject({ state: 'CANCELLED', errorCode: 'CANCELLED' });
  });

  test('comes too late for what was done: it is told as done', async () => {
    const { id, ended } = jobs.begin({
      run: async ({ signal }) => {
        while (!signal.aborted) await delay(1);
        return { done: true };
      },
    });
    jobs.service.cancel(id);
    jobs.service.cancel(id);
    expect((await ended).job).toMatchObject({ state: 'SUCCEEDED', result: { done: true } });
    expect(jobs.service.cancel(id)).toMatchObject({ state: 'SUCCEEDED' });
  });

  test('of a job that there is not does nothing', () => {
    expect(jobs.service.cancel(jobId())).toBeUndefined();
  });
});

describe('an agent that is started again', () => {
  /** A job that it was ended in the middle of. @returns its id */
  function interrupted(): string {
    const { id, ended } = jobs.begin({
      run: (job) => {
        job.line('before');
        return endless(job);
      },
    });
    ended.catch(() => undefined);
    jobs.restart();
    return id;
  }

  test('tells of what was at work what it undid of it, once it has, and is not kept from that', async () => {
    const id = interrupted();
    const undone = Promise.withResolvers<Aftermath>();
    jobs.service.settle(id, new Promise(() => undefined));
    // That one is ended as well.
    jobs.restart();
    jobs.service.settle(id, undone.promise);
    jobs.service.settle('job_unknown', undone.promise);
    const told = jobs.follow(id);
    expect(jobs.service.cancel(id)).toMatchObject({ state: 'RUNNING', step: 'Put back', errorMessage: null });
    undone.resolve({ now: 'Version 1 runs again, said hunter2.', secrets: ['hunter2'] });
    const { job, lines } = await told;
    const now = 'Version 1 runs again, said •••.';
    expect(job).toMatchObject({
      state: 'INTERRUPTED',
      errorMessage: `The agent ended in the middle of it. ${now}`,
      result: { now },
    });
    expect(lines.map(({ text }) => text)).toEqual(['before', 'Put back', 'Put back', now]);
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(await jobs.onDisk()).not.toContain('hunter2');
  });

  test('tells after a while that it is not undone yet, as without an engine it cannot be', async () => {
    await using hasty = await testJobs({ patience: { longestMs: 60_000, endingMs: 1 } });
    const { id, ended } = hasty.begin({ run: endless });
    ended.catch(() => undefined);
    hasty.restart();
    hasty.service.settle(id, new Promise(() => undefined));
    const { job } = await hasty.follow(id);
    expect(job).toMatchObject({
      state: 'INTERRUPTED',
      errorMessage: expect.stringContaining('still to be put back') as unknown,
    });
  });

  test('finds what was at work interrupted, with the lines it had said', async () => {
    const id = interrupted();
    const { job, lines } = await jobs.follow(id);
    expect(job).toMatchObject({ state: 'INTERRUPTED', errorCode: null, lastLine: 1 });
    expect(lines.map(({ text }) => text)).toEqual(['before']);
  });

  test('knows how the others ended', async () => {
    const { id, ended } = jobs.begin({ run: () => Promise.resolve({ id: 'x' }) });
    const { job } = await ended;
    jobs.restart();
    expect(jobs.service.get(id)).toEqual({ ...job, progress: [], step: null });
  });
});

test('secrets are blanked in whatever a job says, should another program quote them', async () => {
  const secret = 'hunter2hunter2';
  const { ended } = jobs.begin({
    secrets: [secret, 'x'],
    run: (job) => {
      job.line(`login with ${secret} failed`);
      job.step(`with ${secret}`);
      job.progress({ item: secret, status: secret });
      return Promise.reject(new AgentError('DOCKER_ERROR', `wrong password ${secret}`));
    },
  });
  const told = await ended;
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(await jobs.onDisk()).not.toContain(secret);
  expect(told.lines[0]?.text).toBe('login with ••• failed');
});

test('what a job learns on the way is blanked from then on, with what it was begun with', async () => {
  const { ended } = jobs.begin({
    secrets: ['begun-with'],
    run: (job) => {
      job.line('before: learned-later');
      job.hide(['learned-later\nsecond-line', 'ab']);
      job.line('ab begun-with learned-later');
      return Promise.reject(new AgentError('DOCKER_ERROR', 'bad value second-line'));
    },
  });
  const { job, lines } = await ended;
  expect(lines.map(({ text }) => text)).toEqual(['before: learned-later', 'ab ••• •••']);
  expect(job.errorMessage).toBe('bad value •••');
});

test('a secret that begins like another, or has several lines, leaves nothing of itself', async () => {
  const { ended } = jobs.begin({
    secrets: ['shop', 'shop-x9k2', '-----BEGIN KEY-----\nMIIabc123\n-----END KEY-----'],
    run(job) {
      job.line('password shop-x9k2 and\nMIIabc123');
      return Promise.resolve({ shop: 'a shop-x9k2' });
    },
  });
  const told = await ended;
  expect(JSON.stringify(told)).not.toMatch(/x9k2|MIIabc/);
  expect(told.job.result).toEqual({ shop: 'a •••' });
  expect(await jobs.onDisk()).not.toMatch(/x9k2|MIIabc/);
});

test('a result that is too large is told as such, not kept', async () => {
  const { ended } = jobs.begin({ run: () => Promise.resolve({ text: 'x'.repeat(100_000) }) });
  expect((await ended).job).toMatchObject({ state: 'FAILED', errorCode: 'RESULT_TOO_LARGE', result: null });
});

test('no more than 32 are at work at once', () => {
  const ids = Array.from({ length: 32 }, () => jobs.begin({ run: endless }).id);
  expect(() => jobs.begin({ run: endless })).toThrow('32 jobs');
  for (const id of ids) jobs.service.cancel(id);
});

test('an id that could name another folder is refused', () => {
  expect(() => jobs.begin({ id: '../x', run: endless })).toThrow('not the id');
});

test('what ended more than a day ago is forgotten, files and all', async () => {
  let now = Date.now();
  await using later = await testJobs({ now: () => now });
  const { id, ended } = later.begin({ run: () => Promise.resolve(undefined) });
  await ended;
  now += 24 * 60 * 60 * 1000 + 60_000;
  later.restart();
  expect(later.service.get(id)).toBeUndefined();
  expect(await later.onDisk()).toBe('');
});

describe('a job that takes its place for too long', () => {
  test('is asked to end, and told as failed', async () => {
    await using short = await testJobs({ patience: { longestMs: 20, endingMs: 60_000 } });
    const { job } = await short.begin({ run: endless }).ended;
    expect(job).toMatchObject({
      state: 'FAILED',
      errorCode: 'CANCELLED',
      errorMessage: expect.stringContaining('hours') as unknown,
    });
  });

  test('is given up when it does not end, whatever it says and comes to afterwards; so is one that was cancelled', async () => {
    await using short = await testJobs({ patience: { longestMs: 60_000, endingMs: 20 } });
    const { promise: late, resolve: endLate } = Promise.withResolvers<undefined>();
    let said: JobHandle | undefined;
    const { id, ended } = short.begin({
      run(job) {
        said = job;
        return late;
      },
    });
    short.service.cancel(id);
    expect((await ended).job).toMatchObject({ state: 'CANCELLED' });
    said?.line('too late');
    endLate(undefined);
    await late;
    expect(short.service.get(id)).toMatchObject({ state: 'CANCELLED', lastLine: 0 });
  });
});
