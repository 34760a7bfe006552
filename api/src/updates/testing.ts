import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import { ServerKitError } from '../errors.ts';
import { Conductor, type ConductorNeeds } from './conductor.ts';
import { policyScopes, type Owner, type OwnerHold } from './owners.ts';
import type { Policy } from './policy.ts';
import type { PolicyNews } from './store.ts';
import type { Survey } from './survey.ts';

export const minuteMs = 60_000;
/** Nobody ends it. */
export const { signal } = new AbortController();
/** A Sunday, an hour before the window opens. */
export const evening = new Date('2026-11-22T21:00:00Z');
export const newer = [{ reference: 'web:1', digest: 'sha256:2' }];
export const evenNewer = [{ reference: 'web:1', digest: 'sha256:3' }];

/** May all that updates take. */
export const owner: Owner = {
  actor: { kind: 'user', id: 'usr_1', label: 'ada@example.com', address: '' },
  scopes: new Set(policyScopes),
  own: new Set(policyScopes),
};

export const plain: Policy = {
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
export function world(policy: Partial<Policy> = {}, ...others: readonly Partial<Policy>[]) {
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
