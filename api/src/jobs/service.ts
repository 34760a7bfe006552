import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { isUncertain } from '../agents/outcome.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import { jobChanges } from './events.ts';
import { JobFollower, type JobLink } from './follower.ts';
import type { JobKind } from './kinds.ts';
import { JobRecords, type NewJob } from './records.ts';

export { jobKind, type JobKind } from './kinds.ts';
export { jobChanges } from './events.ts';

/** Long work as it is asked for. */
export interface JobRequest<Result, Variables> {
  /** For who has put it down before there is such a job. @default a new one */
  readonly id?: string;
  readonly serverId: string;
  /** The one on many servers that it is a part of. */
  readonly parentId?: string | undefined;
  /** For the audit and for people. */
  readonly target: AuditTarget;
  /** What of the request may be kept; never a secret. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly actor: Actor;
  /**
   * What it is authorised with besides its kind's scope, where only the agent can tell whether it needs it: of these, those
   * that the one who asks holds. @default none
   */
  readonly heldScopes?: readonly AgentScope[];
  /** The agent's mutation of this kind. */
  readonly document: TypedDocumentNode<Result, Variables>;
  /**
   * What it is called with. Secrets may be in here: it is sent and not kept. Asked for once the server is there to be sent
   * it; where it throws, nothing begins.
   */
  readonly variables: (jobId: string) => Variables | Promise<Variables>;
}

/** Longer than an agent may take to begin, so that one who does not know of a job then never will. */
const beginTimeoutMs = 40_000;

interface Needs {
  readonly audit: Audit;
  readonly topics: Topics;
  readonly agents: {
    readonly links: {
      get(serverId: string): JobLink | undefined;
      onUp(listener: (link: JobLink) => void): void;
    };
    readonly commands: { link(serverId: string, scope: AgentScope): Promise<JobLink> };
  };
}

/** Long work on managed servers: begun, followed to its end whatever breaks meanwhile, told to whoever looks. */
export class Jobs {
  readonly records: JobRecords;
  readonly #agents: Needs['agents'];
  readonly #topics: Topics;
  readonly #follower: JobFollower;
  /** Asked for and not answered yet: an agent that does not know of these may still hear of them. */
  readonly #beginning = new Set<string>();

  constructor({ db, log }: Pick<Platform, 'db' | 'log'>, { audit, topics, agents }: Needs) {
    this.records = new JobRecords(db, audit);
    this.#agents = agents;
    this.#topics = topics;
    this.#follower = new JobFollower({
      records: this.records,
      log,
      changed: (job, ended) => this.tell(job, ended),
    });
    agents.links.onUp((link) => {
      this.#followOpen(link.serverId).catch((error: unknown) => {
        if (!link.closed.aborted) log.warn({ err: error, serverId: link.serverId }, 'jobs are not followed');
      });
    });
  }

  /**
   * Begins a job: stored before anything is sent, so that it is followed to its end even if this process ends.
   *
   * @returns it at once
   * @throws ServerKitError when it is certain that nothing begins; that is on record as well
   */
  async start<Result, Variables>(
    { name, scope }: JobKind,
    {
      id = newId('job'),
      serverId,
      parentId,
      target,
      parameters = {},
      actor,
      heldScopes = [],
      document,
      variables,
    }: JobRequest<Result, Variables>,
  ): Promise<Job> {
    this.#beginning.add(id);
    let known = false;
    try {
      await this.records.begin({ id, serverId, parentId, kind: name, scope, target, parameters, actor });
      const link = await this.#agents.commands.link(serverId, scope);
      await link.run(document, await variables(id), {
        actor: 'id' in actor ? actor.id : actor.kind,
        scopes: [scope, ...heldScopes],
        timeoutMs: beginTimeoutMs,
      });
      known = true;
    } catch (cause) {
      const error =
        cause instanceof ServerKitError ? cause : new ServerKitError('INTERNAL', 'Unexpected', { cause });
      if (!isUncertain(error)) {
        const job = await this.records.find(id);
        if (job) {
          await this.records.end(job, { state: 'failed', result: null, error });
          this.tell(job, true);
        }
        throw cause;
      }
    } finally {
      this.#beginning.delete(id);
    }
    // Where it is not certain whether the agent heard of it, that is found out by following it.
    const link = this.#agents.links.get(serverId);
    if (link) void this.#follower.follow(link, id);
    if (known) await this.records.began(id);
    const job = await this.require(id);
    this.tell(job, false);
    return job;
  }

  /**
   * Puts on record that it was asked for and not begun.
   * @throws ServerKitError NOT_FOUND for a server there is not
   */
  async refuse(
    { name, scope }: JobKind,
    request: Omit<NewJob, 'id' | 'kind' | 'scope'>,
    error: ServerKitError,
  ): Promise<void> {
    const id = newId('job');
    await this.records.begin({ ...request, id, kind: name, scope });
    const job = await this.require(id);
    await this.records.end(job, { state: 'failed', result: null, error });
    this.tell(job, true);
  }

  /** Lets everybody who looks at it read it again. */
  tell({ id, serverId, serverIds, parentId, kind }: Job, ended: boolean): void {
    this.#topics.publish(jobChanges, { jobId: id, serverId, serverIds, parentId, kind, ended });
  }

  /** @throws ServerKitError NOT_FOUND */
  async require(id: string): Promise<Job> {
    const job = await this.records.find(id);
    if (!job) throw notFound('job', id);
    return job;
  }

  /**
   * Asks it to end. That is remembered: an agent that is away is told when it is back.
   *
   * @returns it as it is then, which may be ended in another way
   * @throws ServerKitError
   */
  async cancel(id: string, actor: Actor): Promise<Job> {
    const job = await this.require(id);
    if (await this.records.askToEnd(job, actor)) {
      const link = job.serverId === null ? undefined : this.#agents.links.get(job.serverId);
      // Who conducts one on many servers hears of it.
      if (link) await this.#follower.cancel(link, job);
      else this.tell(job, false);
    }
    return this.require(id);
  }

  async #followOpen(serverId: string): Promise<void> {
    for (const id of await this.records.open(serverId)) {
      if (this.#beginning.has(id)) continue;
      const link = this.#agents.links.get(serverId);
      if (link) void this.#follower.follow(link, id);
    }
  }

  /** Deletes those that ended before then, with their lines. @returns how many */
  sweep(before: Date): Promise<number> {
    return this.records.sweep(before);
  }
}
