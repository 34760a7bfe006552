import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { describe, expect, test } from 'vitest';
import { Conductor } from './conductor.ts';
import { policyScopes } from './owners.ts';
import { evening, minuteMs, newer, owner, signal, world } from './testing.ts';

const without: ReadonlySet<string> = new Set(policyScopes.filter((one) => one !== 'docker:containers:write'));

describe('nothing is applied', () => {
  test.each([
    ['while somebody works on the server', 'maintenance', { maintenance: true }],
    ['while its agent is away', 'offline', { online: false }],
    ['for an owner who is gone or disabled', 'owner', { owner: 'owner' }],
    ['for an owner who lost a right', 'owner', { owner: { ...owner, scopes: without, own: without } }],
    ['with a token that ended', 'token', { owner: 'token' }],
    ['with a token that lost a right', 'token', { owner: { ...owner, scopes: without } }],
  ] as const)('%s, and nobody asked, until that is over', async (_when, hold, change) => {
    const { tick, state, policy } = world();
    const before = { ...state };
    Object.assign(state, change);
    await tick(60);
    await tick(1);
    expect(policy().hold).toBe(hold);
    expect(state).toMatchObject({
      applied: [],
      looks: 0,
      refused: hold === 'owner' || hold === 'token' ? 1 : 0,
    });
    const { maintenance, online, owner: person } = before;
    Object.assign(state, { maintenance, online, owner: person });
    await tick(1);
    expect(policy().hold).toBeNull();
    expect(state.applied).toEqual([newer]);
  });

  test('to what does not run', async () => {
    const { tick, state, policy } = world();
    state.survey = { newer, problem: null, hold: 'stopped' };
    await tick(60);
    expect(policy()).toMatchObject({ hold: 'stopped', newer });
    expect(state.applied).toEqual([]);
  });

  test('once the window has closed while the registry was asked', async () => {
    const { tick, state, needs, policy } = world();
    const { look } = needs.surveyor;
    needs.surveyor.look = async (...given) => {
      const answer = await look(...given);
      state.now = new Date(evening.getTime() + 121 * minuteMs);
      return answer;
    };
    await tick(60);
    expect(state).toMatchObject({ applied: [], looks: 1 });
    expect(policy().newer).toEqual(newer);
  });

  test.each([
    ['somebody began to work on the server', 'maintenance', { maintenance: true }],
    ['the owner lost a right', 'owner', { owner: { ...owner, scopes: without, own: without } }],
  ] as const)('when %s while the registry was asked', async (_what, hold, change) => {
    const { tick, state, needs, policy } = world();
    const { look } = needs.surveyor;
    needs.surveyor.look = async (...given) => {
      Object.assign(state, change);
      return look(...given);
    };
    await tick(60);
    expect(state.applied).toEqual([]);
    expect(policy().hold).toBe(hold);
  });

  test('on a server where another update is under way, however close they follow', async () => {
    const other = { id: 'upd_2', name: 'db' };
    const { tick, state, end } = world({}, other, { id: 'upd_3', name: 'else', serverId: 'srv_2' });
    await tick(60);
    expect(state.applied).toHaveLength(2);
    await tick(1);
    expect(state.applied).toHaveLength(2);
    end('job_1', { state: 'failed', errorCode: 'CONFLICT', errorMessage: 'it was unhealthy' });
    await tick(1);
    expect(state.applied).toHaveLength(3);
  });

  test('of a policy that somebody set anew meanwhile', async () => {
    const { conductor, policy, state } = world({ newer });
    const read = { ...policy(), setAt: new Date(0) };
    await expect(conductor.begin(read, owner)).rejects.toThrow(/set anew/);
    expect(state.applied).toEqual([]);
  });

  test('by a second hand while it is being begun, and the first goes on', async () => {
    const { conductor, policy, needs, state } = world({ newer });
    const { promise: held, resolve } = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const { apply } = needs.applier;
    needs.applier.apply = async (...given) => {
      asked.resolve();
      await held;
      return apply(...given);
    };
    const first = conductor.begin(policy(), owner);
    await asked.promise;
    await expect(conductor.begin(policy(), owner)).rejects.toThrow(/under way/);
    // It has no job yet, and is not taken for lost.
    await conductor.settle(policy());
    expect(policy().attempt).toMatchObject({ state: 'begun', jobId: null });
    resolve();
    await first;
    expect(state.applied).toHaveLength(1);
    expect(policy().attempt).toMatchObject({ state: 'begun', jobId: 'job_1' });
  });

  test('twice when the process ends in the middle of it', async () => {
    const { tick, state, policy, needs, end } = world();
    let die = (): void => undefined;
    const { apply } = needs.applier;
    const dying = new Conductor({
      ...needs,
      applier: {
        apply: async (...given) => {
          await apply(...given);
          return new Promise<Job>(() => die());
        },
      },
    });
    const died = new Promise<void>((resolve) => {
      die = resolve;
    });
    state.now = new Date(evening.getTime() + 60 * minuteMs);
    void dying.tick(signal);
    await died;
    expect(policy().attempt).toMatchObject({ state: 'begun', jobId: null });
    // Another process takes over what this one left.
    await tick(1);
    expect(policy().attempt).toMatchObject({ state: 'begun', jobId: 'job_1' });
    state.survey = { newer: [], problem: null, hold: null };
    end('job_1', { state: 'succeeded' });
    await tick(1);
    expect(state.applied).toHaveLength(1);
    expect(policy()).toMatchObject({ attempt: { state: 'succeeded' } });
  });

  test('and what was claimed and never asked for is free again', async () => {
    const { tick, state, policy } = world({
      attempt: { newer, at: evening, jobId: null, state: 'begun', reason: null },
    });
    await tick();
    expect(policy().attempt).toBeNull();
    await tick(60);
    expect(state.applied).toEqual([newer]);
  });
});
