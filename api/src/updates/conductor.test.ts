import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { describe, expect, test } from 'vitest';
import { ServerKitError } from '../errors.ts';
import { Conductor, type ConductorNeeds } from './conductor.ts';
import { policyScopes, type Owner, type OwnerHold } from './owners.ts';
import type { Policy } from './policy.ts';
import type { PolicyNews } from './store.ts';
import type { Survey } from './survey.ts';

const minuteMs = 60_000;
const { signal } = new AbortController();
/** A Sunday, an hour before the window opens. */
const evening = new Date('2026-11-22T21:00:00Z');
const newer = [{ reference: 'web:1', digest: 'sha256:2' }];
const evenNewer = [{ reference: 'web:1', digest: 'sha256:3' }];

const owner: Owner = {
  actor: { kind: 'user', id: 'usr_1', label: 'ada@example.com', address: '' },
  scopes: new Set(policyScopes),
  own: new Set(policyScopes),
};
const without: ReadonlySet<string> = new Set(policyScopes.filter((one) => one !== 'docker:containers:write'));

const plain: Policy = {
  id: 'upd_1',
  serverId: 'srv_1',
  kind: 'container',
  name: 'web',
  compose: null,
  mode: 'apply',
  window: { days: [7], from: '22:00', to: '23:00', timeZone: 'UTC' },
  healthTimeoutSeconds: 60,
  ownerId: 'usr_1',
  ownerLabel: 'ada@example.com',
  tokenId: null,
  scopes: policyScopes,
  setAt: evening,
  checkedAt: null,
  nextCheckAt: evening,
  failures: 0,
  problem: null,
  newer: [],
  noticedAt: null,
  hold: null,
  attempt: null,
};

const job: Job = {
  id: 'job_1',
  serverId: 'srv_1',
  serverIds: [],
  parentId: null,
  kind: 'container.recreate',
  target: {},
  parameters: {},
  scope: 'docker:containers:write',
  actor: {},
  state: 'running',
  step: null,
  progress: [],
  cursor: 0,
  result: null,
  errorCode: null,
  errorMessage: null,
  createdAt: evening,
  startedAt: evening,
  finishedAt: null,
  cancelAskedAt: null,
};

/** A world in which nothing is real and everything can be turned. */
function world(policy: Partial<Policy> = {}, ...others: readonly Partial<Policy>[]) {
  const policies = new Map<string, Policy>();
  for (const given of [policy, ...others]) {
    const one = { ...plain, ...given };
    policies.set(one.id, one);
  }
  const jobs = new Map<string, Job>();
  const state = {
    now: evening,
    owner: owner as Owner | OwnerHold,
    online: true,
    maintenance: false,
    survey: { newer, problem: null, hold: null } as Survey | ServerKitError,
    looks: 0,
    applied: [] as unknown[],
    refused: 0,
    audited: [] as string[],
    /** Of the next job; none is begun where it throws. */
    begin: (): Job => ({ ...job, id: `job_${jobs.size + 1}` }),
  };
  const note = (id: string, news: PolicyNews): Policy | null => {
    const known = policies.get(id);
    if (!known) return null;
    policies.set(id, { ...known, ...news });
    return policies.get(id) ?? null;
  };
  const needs: ConductorNeeds = {
    store: {
      all: () => [...policies.values()],
      get: (id) => policies.get(id),
      note: (id, news, told) => {
        if (told?.entry) state.audited.push(told.entry.action);
        return Promise.resolve(note(id, news));
      },
      claim: async ({ id, setAt }, attempt) => {
        // A database takes its time.
        await new Promise((resolve) => setImmediate(resolve));
        const now = policies.get(id);
        const isFree = now?.attempt?.state !== 'begun' && now?.setAt === setAt;
        return isFree ? note(id, { attempt, hold: null }) : null;
      },
    },
    surveyor: {
      look: () => {
        state.looks += 1;
        const { survey } = state;
        return survey instanceof ServerKitError ? Promise.reject(survey) : Promise.resolve(survey);
      },
    },
    applier: {
      apply: async (_policy, images) => {
        const made = await Promise.resolve(state.begin());
        jobs.set(made.id, made);
        state.applied.push(images);
        return made;
      },
    },
    audit: {
      refused: () => {
        state.refused += 1;
      },
    },
    log: { warn: () => undefined, error: () => undefined },
    ownerOf: () => Promise.resolve(state.owner),
    online: () => state.online,
    inMaintenance: (ids) => Promise.resolve(new Set(state.maintenance ? ids : [])),
    findJob: (id) => Promise.resolve(jobs.get(id) ?? null),
    jobOf: () => Promise.resolve([...jobs.values()].at(-1) ?? null),
    random: () => 0.5,
    now: () => state.now,
  };
  const conductor = new Conductor(needs);
  return {
    state,
    needs,
    conductor,
    jobs,
    policy: (): Policy => policies.get(plain.id) ?? plain,
    tick: async (minutes = 0): Promise<void> => {
      state.now = new Date(state.now.getTime() + minutes * minuteMs);
      await conductor.tick(signal);
    },
    end: (id: string, ended: Partial<Job>) => {
      jobs.set(id, { ...(jobs.get(id) ?? job), finishedAt: new Date(), ...ended });
    },
  };
}

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
