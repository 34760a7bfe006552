import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import { actorOf, storedActor } from '../audit/actor.ts';
import { credentialOf, type PersonPrincipal } from '../context.ts';
import { permissionDenied, ServerKitError } from '../errors.ts';
import { renew } from '../graphql/renewal.ts';
import { newId } from '../ids.ts';
import { jobChanges } from '../jobs/service.ts';
import type { Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import { linked } from './linked.ts';
import { isNewsOf } from './news.ts';
import { openOrder, sealOrder, type Order } from './order.ts';
import { Rollout, type Stage, type Standing } from './rollout.ts';
import { targetsOf } from './targets.ts';
import type { Target } from './turn.ts';
import { beginOn, kindsOf, targetOf } from './work.ts';

export { placementOf } from './placement.ts';
export type { Candidate, Exclusion, Placement } from './placement.ts';
export type { Target } from './turn.ts';

/** How long an agent may be away in the middle, or take to come back after a restart of ours. Milliseconds. */
const patienceMs = 60_000;
/** Between two attempts to read what is open. Milliseconds. */
const retryMs = 5_000;

const system = { kind: 'system', label: 'fleet' } as const;

interface Needs extends Pick<Platform, 'db' | 'log' | 'vault'> {
  readonly topics: Topics;
  readonly services: Pick<
    Services,
    'agents' | 'audit' | 'identity' | 'jobs' | 'registries' | 'secrets' | 'stacks' | 'tokens'
  >;
  /** @default 60_000 */
  readonly patienceMs?: number;
}

interface Family {
  readonly standing: Standing;
  readonly credentialId: string;
  readonly order: Order | null;
}

/** The same on many servers: one job with a part on each, conducted until all are over. */
export class Fleet {
  readonly #needs: Needs;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  readonly #running = new Map<string, Promise<void>>();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#log = needs.log;
  }

  /**
   * Begins it on the first servers, and on the others in their turn.
   *
   * @param serverIds - each once, all of them seen by the one who asks; where more is missing, their part says so
   */
  async start(
    order: Order,
    serverIds: readonly string[],
    by: { readonly principal: PersonPrincipal; readonly address: string },
  ): Promise<Job> {
    const { jobs } = this.#needs.services;
    const { whole } = kindsOf(order);
    const place = { jobId: newId('job'), credentialId: credentialOf(by.principal) };
    await jobs.records.beginParent({
      id: place.jobId,
      serverIds,
      kind: whole.name,
      scope: whole.scope,
      target: targetOf(order),
      parameters: { servers: serverIds.length, parallel: order.parallel, onFailure: order.onFailure },
      actor: actorOf(by),
      credentialId: place.credentialId,
      sealed: sealOrder(this.#needs.vault, place, order),
    });
    const job = await jobs.require(place.jobId);
    jobs.tell(job, false);
    this.#conduct(job.id, { patient: false });
    return job;
  }

  /** Goes on with what had not ended when the process did, once the database tells what that is. Never throws. */
  async resume(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        const open = await this.#needs.services.jobs.records.openParents();
        for (const id of open) this.#conduct(id, { patient: true });
        return;
      } catch (error) {
        this.#log.warn({ err: error }, 'work on many servers could not be gone on with');
        await delay(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  /** Begins nothing more; what runs goes on by itself, and the rest at the next start. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#running.values());
  }

  /** How one on many servers stands on each of them; none for any other job. */
  async targets(job: Job): Promise<Target[]> {
    if (job.serverId !== null) return [];
    const family = await this.#needs.services.jobs.records.family(job.id);
    if (!family) return [];
    return targetsOf(family, family.children, { names: await this.#names(family.serverIds) });
  }

  #conduct(jobId: string, how: { readonly patient: boolean }): void {
    if (this.#running.has(jobId) || this.#ending.signal.aborted) return;
    const { topics } = this.#needs;
    const { signal } = this.#ending;
    const rollout = new Rollout(this.#stage(jobId, how));
    const over = new AbortController();
    const news = topics.subscribe(jobChanges, {
      where: (change) => isNewsOf(jobId, change),
      signal: AbortSignal.any([signal, over.signal]),
    });
    void (async () => {
      for await (const _change of news) rollout.bell.ring();
    })();
    this.#running.set(
      jobId,
      rollout.conduct(signal).finally(() => {
        over.abort();
        this.#running.delete(jobId);
      }),
    );
  }

  #stage(jobId: string, { patient }: { readonly patient: boolean }): Stage {
    const { services, patienceMs: patience = patienceMs } = this.#needs;
    const { jobs, agents } = services;
    const until = patient ? Date.now() + patience : 0;
    return {
      patienceMs: patience,
      log: this.#log.child({ jobId }),
      read: async () => (await this.#family(jobId))?.standing ?? null,
      begin: async (serverId) => {
        await linked(agents.links, serverId, until - Date.now(), this.#ending.signal);
        if (!this.#ending.signal.aborted) await this.#begin(jobId, serverId);
      },
      // Who asked for the end of the whole is on record there.
      cancel: (part) => jobs.cancel(part.id, system),
      tell: async (job, progress) => {
        await jobs.records.note(jobId, { lines: [], progress, step: null });
        // Hearing of itself makes it look once more, and find nothing new.
        jobs.tell(job, false);
      },
      end: async (job, end) => {
        if (await jobs.records.end(job, end)) jobs.tell(job, true);
      },
      isLinked: (serverId) => agents.links.get(serverId)?.closed.aborted === false,
    };
  }

  async #family(jobId: string): Promise<Family | null> {
    const family = await this.#needs.services.jobs.records.family(jobId);
    if (!family) return null;
    const { children: parts, order: row, ...job } = family;
    const names = await this.#names(job.serverIds);
    const order = row && this.#open(row);
    return { standing: { job, parts, pace: order, names }, credentialId: row?.credentialId ?? '', order };
  }

  #open(row: Parameters<typeof openOrder>[1]): Order | null {
    try {
      return openOrder(this.#needs.vault, row);
    } catch (error) {
      this.#log.error({ err: error, jobId: row.jobId }, 'what is to be done on many servers cannot be read');
      return null;
    }
  }

  async #names(serverIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#needs.db.prisma.server.findMany({
      where: { id: { in: [...serverIds] } },
      select: { id: true, name: true },
    });
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** The rights are those of this moment: between two servers somebody may have lost them. @throws ServerKitError */
  async #begin(parentId: string, serverId: string): Promise<void> {
    const { services } = this.#needs;
    const family = await this.#family(parentId);
    if (!family?.order || family.standing.job.cancelAskedAt) return;
    const { credentialId, order, standing } = family;
    const { part } = kindsOf(order);
    // Nobody is there: what goes on without them keeps no session open.
    const principal = (await renew(services, [credentialId], { isUse: false })).get(credentialId);
    if (principal?.rights.on(serverId).has(part.scope)) {
      const { address } = order;
      await beginOn({ principal, address, services }, order, { serverId, parentId });
      return;
    }
    const error = principal ? permissionDenied(part.scope) : endedSession();
    await services.jobs.refuse(
      part,
      {
        serverId,
        parentId,
        target: targetOf(order),
        parameters: {},
        actor: storedActor(standing.job.actor) ?? system,
      },
      error,
    );
    throw error;
  }
}

function endedSession(): ServerKitError {
  return new ServerKitError(
    'PERMISSION_DENIED',
    'The session or API token that asked for it has ended, so nothing more is begun on its behalf.',
  );
}
