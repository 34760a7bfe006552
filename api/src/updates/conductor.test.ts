import { describe, expect, test } from 'vitest';
import { ServerKitError } from '../errors.ts';
import { evenNewer, evening, newer, owner, plain, signal, world } from './testing.ts';

describe('what is newer', () => {
  test('is noticed once, and on record once', async () => {
    const { tick, policy, state } = world({ mode: 'notify' });
    await tick();
    await tick(6 * 60 + 1);
    expect(policy()).toMatchObject({ newer, noticedAt: evening });
    expect(state).toMatchObject({ looks: 2, audited: ['updatePolicy.notice'], applied: [] });
  });

  test('is noticed again when it is something else', async () => {
    const { tick, state } = world({ mode: 'notify' });
    await tick();
    state.survey = { newer: evenNewer, problem: null, hold: null };
    await tick(7 * 60);
    expect(state.audited).toEqual(['updatePolicy.notice', 'updatePolicy.notice']);
  });

  test('is not looked for where the policy is off', async () => {
    const { tick, state } = world({ mode: 'off' });
    await tick();
    expect(state.looks).toBe(0);
  });

  test('is not looked for more often than its time', async () => {
    const { tick, state } = world({ mode: 'notify' });
    for (let minute = 0; minute < 6 * 60; minute++) await tick(1);
    expect(state.looks).toBe(1);
  });
});

test('of two looks at once, the later is the one that counts', async () => {
  const { conductor, needs, state, policy } = world({ mode: 'notify' });
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const slow = needs.surveyor.look;
  needs.surveyor.look = async (...given) => {
    // Of the first, the answer is on its way for long.
    const answer = await slow(...given);
    if (state.looks === 1) await held;
    return answer;
  };
  state.survey = { newer: [], problem: null, hold: null };
  const first = conductor.check(policy(), owner, signal);
  const second = conductor.check(policy(), owner, signal);
  state.survey = { newer, problem: null, hold: null };
  resolve();
  await Promise.all([first, second]);
  expect(policy().newer).toEqual(newer);
});

test('a registry that is away is told of, and asked later each time', async () => {
  const { tick, state, policy } = world({ mode: 'notify', newer });
  state.survey = new ServerKitError('DOCKER_ERROR', 'no route to host');
  const asked: number[] = [];
  for (let minute = 0; minute < 130; minute++) {
    const { looks } = state;
    await tick(minute === 0 ? 0 : 1);
    if (state.looks > looks) asked.push(minute);
  }
  expect(asked).toEqual([0, 15, 45, 105]);
  // What was known stays known.
  expect(policy()).toMatchObject({ problem: { message: 'no route to host' }, newer, failures: 4 });
});

describe('an update', () => {
  test('waits for the window, is begun once in it, and goes on when it closes', async () => {
    const { tick, state, policy, end } = world();
    await tick();
    await tick(59);
    expect(state.applied).toEqual([]);
    await tick(1);
    expect(state.applied).toEqual([newer]);
    for (let minute = 0; minute < 70; minute++) await tick(1);
    expect(state.applied).toEqual([newer]);
    expect(policy().attempt).toMatchObject({ state: 'begun', jobId: 'job_1' });
    state.survey = { newer: [], problem: null, hold: null };
    end('job_1', { state: 'succeeded' });
    await tick(1);
    expect(policy()).toMatchObject({ newer: [], noticedAt: null, attempt: { state: 'succeeded' } });
  });

  test('that failed is not tried again, and something newer still is', async () => {
    const { tick, state, policy, end } = world({
      window: { ...plain.window, days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' },
    });
    await tick();
    end('job_1', { state: 'failed', errorCode: 'CONFLICT', errorMessage: 'it was unhealthy' });
    for (let hour = 0; hour < 30; hour++) await tick(60);
    expect(state.applied).toEqual([newer]);
    expect(policy()).toMatchObject({
      hold: 'failed',
      attempt: { state: 'failed', reason: 'it was unhealthy' },
    });
    state.survey = { newer: evenNewer, problem: null, hold: null };
    await tick(7 * 60);
    expect(state.applied).toEqual([newer, evenNewer]);
  });

  test('that changed nothing is not applied for ever', async () => {
    const { tick, state, policy, end } = world({
      window: { ...plain.window, days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' },
    });
    await tick();
    end('job_1', { state: 'succeeded' });
    for (let hour = 0; hour < 30; hour++) await tick(60);
    expect(state.applied).toHaveLength(1);
    expect(policy()).toMatchObject({ hold: 'failed', attempt: { state: 'failed' } });
  });

  test('that never reached the server is tried again', async () => {
    const { tick, state, policy } = world();
    const { begin } = state;
    state.begin = () => {
      throw new ServerKitError('AGENT_OFFLINE', 'away');
    };
    await tick(60);
    expect(policy().attempt).toBeNull();
    state.begin = begin;
    await tick(1);
    expect(state.applied).toEqual([newer]);
  });

  test('that was refused is told of, and not tried again', async () => {
    const { tick, state, policy } = world();
    state.begin = () => {
      throw new ServerKitError('AGENT_REFUSED', 'the server does not allow it');
    };
    await tick(60);
    await tick(1);
    expect(policy()).toMatchObject({
      hold: 'failed',
      attempt: { state: 'failed', reason: 'the server does not allow it' },
    });
  });
});
