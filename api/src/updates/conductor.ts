import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import type { Audit } from '../audit/service.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { Applier } from './applier.ts';
import { missingOf, type Owner, type OwnerHold, type Runner } from './owners.ts';
import { sameImages, wasTried, type Attempt, type Hold, type Policy } from './policy.ts';
import { nextCheck } from './schedule.ts';
import type { PolicyStore } from './store.ts';
import type { Survey, Surveyor } from './survey.ts';
import { openingAt } from './window.ts';

export interface ConductorNeeds {
  readonly store: Pick<PolicyStore, 'all' | 'get' | 'note' | 'claim'>;
  readonly surveyor: Pick<Surveyor, 'look'>;
  readonly applier: Pick<Applier, 'apply'>;
  readonly audit: Pick<Audit, 'refused'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Or why nothing runs on their behalf. */
  readonly ownerOf: (policy: Policy) => Promise<Owner | OwnerHold>;
  /** Of these servers those that somebody works on. */
  readonly inMaintenance: (serverIds: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly online: (serverId: string) => boolean;
  readonly findJob: (id: string) => Promise<Job | null>;
  /** The newest job that a policy began since then. */
  readonly jobOf: (policy: Policy, since: Date) => Promise<Job | null>;
  readonly random?: () => number;
  /** @default the clock */
  readonly now?: () => Date;
}

/** Policies that are looked after at once, and so questions to registries. */
const atOnce = 4;
/** A look this old is taken again before anything is applied: what is recorded is then what is pulled. Milliseconds. */
const freshMs = 5 * 60_000;

const system = { kind: 'system', label: 'update policies' } as const;

/** Decides what is to be done about each policy, and does it. */
export class Conductor {
  readonly #needs: ConductorNeeds;
  /** Asked for by this process and not answered yet: the server of each policy. */
  readonly #beginning = new Map<string, string>();
  /** By policy, the last that was begun; settles when it is over. */
  readonly #checks = new Map<string, Promise<void>>();

  constructor(needs: ConductorNeeds) {
    this.#needs = needs;
  }

  /** What is to be done every minute. Never throws. */
  async tick(signal: AbortSignal): Promise<void> {
    try {
      const policies = this.#needs.store.all();
      for (const policy of policies) await this.settle(policy);
      const awake = policies.filter(({ mode }) => mode !== 'off');
      const busy = await this.#needs.inMaintenance([...new Set(awake.map(({ serverId }) => serverId))]);
      const rest = awake.values();
      const worker = async (): Promise<void> => {
        for (const { id } of rest) {
          if (signal.aborted) return;
          await this.#visit(id, busy, signal);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
    } catch (error) {
      if (!signal.aborted) this.#needs.log.error({ err: error }, 'update policies could not be looked after');
    }
  }

  #now(): Date {
    return this.#needs.now?.() ?? new Date();
  }

  async #visit(id: string, busy: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#needs;
    try {
      let policy = store.get(id);
      if (!policy || policy.mode === 'off' || policy.attempt?.state === 'begun') return;
      const stand = await this.#standing(policy, busy);
      if (typeof stand === 'string') return await this.#hold(policy, stand);
      const now = this.#now();
      if (policy.nextCheckAt <= now) policy = await this.check(policy, stand, signal);
      else if (isOver(policy.hold)) policy = (await store.note(id, { hold: null })) ?? undefined;
      if (!policy || policy.mode !== 'apply' || policy.newer.length === 0) return;
      if (wasTried(policy)) return await this.#hold(policy, 'failed');
      // A registry that does not answer is asked again when it is due, and not all through the window.
      if (policy.hold !== null || policy.problem || !openingAt(policy.window, now)) return;
      if (!policy.checkedAt || now.getTime() - policy.checkedAt.getTime() > freshMs) {
        policy = await this.check(policy, stand, signal);
        // What a registry cannot tell now, it cannot give either.
        if (!policy || policy.problem || policy.newer.length === 0 || policy.hold !== null) return;
        if (wasTried(policy)) return await this.#hold(policy, 'failed');
      }
      await this.#beginDue(policy);
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error, policyId: id }, 'an update policy could not be looked after');
    }
  }

  /** By the clock, the rights and the state of the server of this moment: the questions before it take their time. */
  async #beginDue(policy: Policy): Promise<void> {
    const stand = await this.#standing(policy, await this.#needs.inMaintenance([policy.serverId]));
    if (typeof stand === 'string') return this.#hold(policy, stand);
    // Nothing is waited for between the look at the others on the server and the begin, which reserves it.
    if (!openingAt(policy.window, this.#now()) || this.#isBusy(policy)) return;
    await this.begin(policy, stand);
  }

  /** With which rights it runs now, or why it does not. */
  async #standing(policy: Policy, busy: ReadonlySet<string>): Promise<Runner | Hold> {
    if (busy.has(policy.serverId)) return 'maintenance';
    const owner = await this.#needs.ownerOf(policy);
    if (typeof owner === 'string') return this.#without(policy, owner);
    const missing = missingOf(owner, policy.kind, policy.mode);
    // What the owner may still do, the token may not any more.
    if (missing) return this.#without(policy, owner.own.has(missing) ? 'token' : 'owner', missing);
    return this.#needs.online(policy.serverId) ? owner : 'offline';
  }

  #without(policy: Policy, hold: OwnerHold, missing?: string): OwnerHold {
    if (policy.hold !== hold) this.#refused(policy, missing);
    return hold;
  }

  #refused({ id, serverId, kind, name, ownerLabel }: Policy, scope: string | undefined): void {
    this.#needs.audit.refused({
      actor: system,
      action: 'updatePolicy.run',
      code: 'PERMISSION_DENIED',
      target: { kind, id: name, name },
      serverId,
      parameters: { policyId: id, policyOwner: ownerLabel, ...(scope && { scope }) },
    });
  }

  async #hold(policy: Policy, hold: Hold): Promise<void> {
    if (policy.hold !== hold) await this.#needs.store.note(policy.id, { hold });
  }

  /** One at a time on a server: what goes wrong there is then the fault of one. */
  #isBusy({ serverId }: Policy): boolean {
    const begun = (other: Policy): boolean => other.serverId === serverId && other.attempt?.state === 'begun';
    return [...this.#beginning.values()].includes(serverId) || this.#needs.store.all().some(begun);
  }

  /**
   * Asks the registries, and puts down what they say. One after the other for each policy: an older answer that came late
   * would stand in the place of a newer.
   *
   * @returns undefined where it was removed meanwhile
   */
  async check({ id }: Policy, runner: Runner, signal: AbortSignal): Promise<Policy | undefined> {
    const before = this.#checks.get(id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#checks.set(id, promise);
    try {
      await before;
      const policy = this.#needs.store.get(id);
      return policy && (await this.#checkNow(policy, runner, signal));
    } finally {
      if (this.#checks.get(id) === promise) this.#checks.delete(id);
      resolve();
    }
  }

  async #checkNow(policy: Policy, runner: Runner, signal: AbortSignal): Promise<Policy | undefined> {
    const now = this.#now();
    const { newer, problem, hold } = await this.#look(policy, runner, { signal, now });
    const failures = problem ? policy.failures + 1 : 0;
    const isNews = newer.length > 0 && !sameImages(newer, policy.newer);
    const applied = policy.attempt?.state === 'succeeded' && sameImages(newer, policy.attempt.newer);
    const noted = await this.#needs.store.note(
      policy.id,
      {
        checkedAt: now,
        nextCheckAt: nextCheck(now, failures, (this.#needs.random ?? Math.random)()),
        failures,
        problem,
        newer,
        hold: policy.mode === 'apply' || hold === 'gone' ? hold : null,
        ...(newer.length === 0 && { noticedAt: null }),
        ...(isNews && { noticedAt: now }),
        // It would be applied for ever.
        ...(policy.attempt &&
          applied && { attempt: { ...policy.attempt, state: 'failed', reason: stillOlder } as const }),
      },
      isNews ? { kind: 'NOTICED', entry: noticed(policy, newer) } : {},
    );
    return noted ?? undefined;
  }

  async #look(
    policy: Policy,
    runner: Runner,
    { signal, now }: { readonly signal: AbortSignal; readonly now: Date },
  ): Promise<Survey> {
    try {
      return await this.#needs.surveyor.look(policy, runner, signal, now);
    } catch (error) {
      if (signal.aborted || !isServerKitError(error)) throw error;
      const { code, message } = error;
      return { newer: policy.newer, problem: { code, message }, hold: null };
    }
  }

  /**
   * Begins what is newer. That it was begun is stored before anything is sent, and the server is reserved before anything
   * is waited for.
   *
   * @throws ServerKitError CONFLICT when one is under way, and as the job itself
   */
  async begin(policy: Policy, runner: Runner): Promise<Job> {
    const { store, applier } = this.#needs;
    const { id, newer, serverId } = policy;
    const attempt: Attempt = { newer, at: this.#now(), jobId: null, state: 'begun', reason: null };
    if (this.#beginning.has(id)) throw underWay(policy);
    this.#beginning.set(id, serverId);
    try {
      if (!(await store.claim(policy, attempt))) throw underWay(policy);
      const job = await this.#apply(applier, policy, runner, attempt);
      const told = await store.note(id, { attempt: { ...attempt, jobId: job.id } }, { kind: 'BEGUN' });
      // It may have ended before its id was known.
      if (told) await this.settle(told);
      return job;
    } finally {
      this.#beginning.delete(id);
    }
  }

  async #apply(
    applier: Pick<Applier, 'apply'>,
    policy: Policy,
    runner: Runner,
    attempt: Attempt,
  ): Promise<Job> {
    try {
      return await applier.apply(policy, policy.newer, runner);
    } catch (error) {
      const reason = isServerKitError(error) ? error.message : 'It failed unexpectedly; the log says why.';
      // What never reached the server may be tried again.
      const unsent = isServerKitError(error, 'AGENT_OFFLINE') || isServerKitError(error, 'UNAVAILABLE');
      await this.#needs.store.note(
        policy.id,
        { attempt: unsent ? policy.attempt : { ...attempt, state: 'failed', reason } },
        { kind: unsent ? 'CHANGED' : 'FAILED' },
      );
      throw error;
    }
  }

  /** The same for a job that was heard to have ended. Never throws: the next round makes up for it. */
  async settled(jobId: string): Promise<void> {
    const policy = this.#needs.store.all().find(({ attempt }) => attempt?.jobId === jobId);
    try {
      if (policy) await this.settle(policy);
    } catch (error) {
      this.#needs.log.warn({ err: error, jobId }, 'how an update ended could not be put down');
    }
  }

  /** Puts down how an update ended, once its job has. */
  async settle({ id }: Pick<Policy, 'id'>): Promise<void> {
    const policy = this.#needs.store.get(id);
    if (!policy) return;
    const { attempt } = policy;
    const jobId = attempt?.jobId ?? null;
    if (attempt?.state !== 'begun' || (jobId === null && this.#beginning.has(policy.id))) return;
    const { store, findJob, jobOf } = this.#needs;
    const job = jobId === null ? await jobOf(policy, attempt.at) : await findJob(jobId);
    if (!job && jobId === null) {
      // This process's predecessor ended before it asked for anything.
      await store.note(policy.id, { attempt: null });
      return;
    }
    if (job && !job.finishedAt) {
      if (attempt.jobId === null) await store.note(policy.id, { attempt: { ...attempt, jobId: job.id } });
      return;
    }
    const ended = { ...attempt, jobId: job?.id ?? jobId };
    if (job?.state === 'succeeded') {
      await store.note(
        policy.id,
        {
          attempt: { ...ended, state: 'succeeded' },
          newer: [],
          noticedAt: null,
          hold: null,
          nextCheckAt: this.#now(),
        },
        { kind: 'APPLIED' },
      );
      return;
    }
    if (job?.errorCode === 'AGENT_OFFLINE') {
      await store.note(policy.id, { attempt: null });
      return;
    }
    const reason = job?.errorMessage ?? 'What became of it is not known any more.';
    await store.note(policy.id, { attempt: { ...ended, state: 'failed', reason } }, { kind: 'FAILED' });
  }
}

const stillOlder = 'It was applied, and what runs is still older than what the registry has.';

/** Whether a hold ends as soon as its cause does. The others end with the next check. */
function isOver(hold: Hold | null): boolean {
  return hold === 'owner' || hold === 'token' || hold === 'maintenance' || hold === 'offline';
}

function underWay({ name }: Policy): ServerKitError {
  return new ServerKitError('CONFLICT', `An update of ${name} is under way, or it was set anew. Look again.`);
}

function noticed({ id, serverId, kind, name, ownerLabel }: Policy, newer: Policy['newer']) {
  return {
    actor: system,
    action: 'updatePolicy.notice',
    target: { kind, id: name, name },
    serverId,
    parameters: {
      policyId: id,
      policyOwner: ownerLabel,
      newer: newer.map(({ reference, digest }) => `${reference}@${digest}`),
    },
  } as const;
}
