import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { quiet } from '../database/testing.ts';
import { ServerKitError, type ErrorCode } from '../errors.ts';
import type { JobProgress } from '../jobs/progress.ts';
import type { JobEnd } from '../jobs/records.ts';
import { Rollout, type Stage } from './rollout.ts';
import type { Pace } from './order.ts';

const patienceMs = 60_000;

/** What a database and agents would be: parts begin when they are told to and end when the test says so. */
function world(serverIds: readonly string[], pace: Pace) {
  const row = (changes: Partial<Job>): Job => ({
    id: 'job_whole',
    serverId: null,
    serverIds: [],
    parentId: null,
    kind: 'fleet.deploy',
    target: {},
    parameters: {},
    scope: 'docker:compose:write',
    actor: {},
    state: 'running',
    step: null,
    progress: [],
    cursor: 0,
    result: null,
    errorCode: null,
    errorMessage: null,
    createdAt: new Date(),
    startedAt: null,
    finishedAt: null,
    cancelAskedAt: null,
    ...changes,
  });
  let job = row({ serverIds: [...serverIds] });
  let known: Pace | null = pace;
  const parts = new Map<string, Job>();
  const begun: string[] = [];
  const cancelled: string[] = [];
  const away = new Set<string>();
  const refusals = new Map<string, ServerKitError>();
  const progress: (readonly JobProgress[])[] = [];
  const readings: (() => Promise<void>)[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<JobEnd>();
  const stage: Stage = {
    patienceMs,
    log: quiet,
    read: async () => {
      await readings.shift()?.();
      return {
        job,
        parts: [...parts.values()],
        pace: known,
        names: new Map(serverIds.map((id) => [id, id])),
      };
    },
    begin: (serverId) => {
      begun.push(serverId);
      const refusal = refusals.get(serverId);
      if (refusal) return Promise.reject(refusal);
      parts.set(serverId, row({ id: `job_${serverId}`, serverId, parentId: job.id }));
      return Promise.resolve();
    },
    cancel: (part) => {
      cancelled.push(part.serverId ?? '');
      return Promise.resolve();
    },
    tell: (_job, told) => {
      progress.push(told);
      return Promise.resolve();
    },
    end: (_job, end) => {
      job = { ...job, finishedAt: new Date() };
      resolve(end);
      return Promise.resolve();
    },
    isLinked: (serverId) => !away.has(serverId),
  };
  const closing = new AbortController();
  let rollout = new Rollout(stage);
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return {
    begun,
    cancelled,
    ended,
    parts,
    progress,
    /** Looks fail so often, beginning now. */
    stumble: (times: number) => {
      for (let n = 0; n < times; n += 1)
        readings.push(() => Promise.reject(new Error('the database is away')));
    },
    refuse: (serverId: string, code: ErrorCode) =>
      refusals.set(serverId, new ServerKitError(code, `${serverId} refused`)),
    forget: () => (known = null),
    async conduct() {
      void rollout.conduct(closing.signal);
      await settle();
    },
    /** Another process begins with what the database holds. */
    async restart() {
      rollout = new Rollout(stage);
      void rollout.conduct(closing.signal);
      await settle();
    },
    async finish(serverId: string, state: Job['state'] = 'succeeded', errorCode: string | null = null) {
      const part = parts.get(serverId);
      if (!part) throw new Error(`nothing was begun on ${serverId}`);
      parts.set(serverId, { ...part, state, errorCode, finishedAt: new Date() });
      rollout.bell.ring();
      await settle();
    },
    async cancel() {
      job = { ...job, cancelAskedAt: new Date() };
      rollout.bell.ring();
      await settle();
    },
    async leave(serverId: string) {
      away.add(serverId);
      rollout.bell.ring();
      await settle();
    },
    comeBack: (serverId: string) => away.delete(serverId),
    [Symbol.dispose]: () => closing.abort(),
  };
}

describe('work on many servers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const one = { parallel: 1, onFailure: 'STOP' } as const;
  const two = { parallel: 2, onFailure: 'CONTINUE' } as const;

  test('goes from server to server, so many at a time, and tells how each stands', async () => {
    using it = world(['a', 'b', 'c'], two);
    await it.conduct();
    expect(it.begun).toEqual(['a', 'b']);
    expect(it.progress.at(-1)?.map(({ item, status }) => `${item} ${status}`)).toEqual([
      'a running',
      'b running',
      'c waiting',
    ]);
    await it.finish('b');
    expect(it.begun).toEqual(['a', 'b', 'c']);
    await it.finish('a');
    await it.finish('c');
    expect(await it.ended).toMatchObject({ state: 'succeeded' });
  });

  test('stops at the first failure where it is to', async () => {
    using it = world(['a', 'b'], one);
    await it.conduct();
    await it.finish('a', 'failed', 'DOCKER_ERROR');
    expect(await it.ended).toMatchObject({ state: 'failed', error: { code: 'DOCKER_ERROR' } });
    expect(it.begun).toEqual(['a']);
  });

  test('goes on after a failure where it is to, also after one that left nothing on record', async () => {
    using it = world(['a', 'b'], { parallel: 1, onFailure: 'CONTINUE' });
    it.refuse('a', 'NOT_FOUND');
    await it.conduct();
    expect(it.begun).toEqual(['a', 'b']);
    await it.finish('b');
    expect(await it.ended).toMatchObject({
      state: 'failed',
      error: { code: 'NOT_FOUND' },
      result: { targets: [{ state: 'failed', errorMessage: 'a refused' }, { state: 'succeeded' }] },
    });
  });

  test('that is cancelled asks what runs to end, once, waits for it and begins no more', async () => {
    using it = world(['a', 'b', 'c'], { parallel: 2, onFailure: 'STOP' });
    await it.conduct();
    await it.cancel();
    await it.cancel();
    expect(it.cancelled).toEqual(['a', 'b']);
    await it.finish('a', 'cancelled', 'CANCELLED');
    await it.finish('b');
    expect(await it.ended).toMatchObject({
      state: 'cancelled',
      result: { targets: [{ state: 'cancelled' }, { state: 'succeeded' }, { state: 'skipped' }] },
    });
    expect(it.begun).toEqual(['a', 'b']);
  });

  test('goes on in another process where it stood, and begins nothing twice', async () => {
    using it = world(['a', 'b'], one);
    await it.conduct();
    await it.restart();
    expect(it.begun).toEqual(['a']);
    await it.finish('a');
    expect(it.begun.filter((serverId) => serverId === 'a')).toHaveLength(1);
    await it.finish('b');
    expect(await it.ended).toMatchObject({ state: 'succeeded' });
  });

  test('does not wait for ever for an agent that went away in the middle', async () => {
    using it = world(['a', 'b'], { parallel: 1, onFailure: 'CONTINUE' });
    await it.conduct();
    await it.leave('a');
    await vi.advanceTimersByTimeAsync(patienceMs - 1);
    expect(it.begun).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    expect(it.begun).toEqual(['a', 'b']);
    await it.finish('b');
    expect(await it.ended).toMatchObject({
      state: 'failed',
      error: { code: 'AGENT_OFFLINE' },
      result: { targets: [{ state: 'interrupted' }, { state: 'succeeded' }] },
    });
  });

  test('is patient with an agent that comes back', async () => {
    using it = world(['a', 'b'], { parallel: 1, onFailure: 'STOP' });
    await it.conduct();
    await it.leave('a');
    await vi.advanceTimersByTimeAsync(patienceMs / 2);
    it.comeBack('a');
    await vi.advanceTimersByTimeAsync(patienceMs);
    await it.finish('a');
    expect(it.begun).toEqual(['a', 'b']);
  });

  test('is tried again while the database is away', async () => {
    using it = world(['a'], one);
    it.stumble(3);
    await it.conduct();
    expect(it.begun).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(it.begun).toEqual(['a']);
  });

  test('of which nobody knows any more what was to be done lets finish what runs', async () => {
    using it = world(['a', 'b'], one);
    await it.conduct();
    it.forget();
    await it.finish('a');
    expect(await it.ended).toMatchObject({ state: 'interrupted' });
    expect(it.begun).toEqual(['a']);
  });
});
