import { seenOf, type Sees } from '../access/sees.ts';
import type { Asker } from '../agents/asker.ts';
import type { AgentService } from '../agents/service.ts';
import type { AgentLink } from '../agents/link.ts';
import { whileLinked } from '../agents/follow.ts';
import { protocolError } from '../agents/agent-errors.ts';
import { isServerKitError, notFound } from '../errors.ts';
import type { ContainerDetailsQuery, ContainerStatsSubscription } from '../generated/agent/graphql.ts';
import { Topic, type Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import type { Database } from '../database/database.ts';
import type { Source } from '../live/source.ts';
import {
  containerChanges,
  createContainerMirror,
  type AgentContainer,
  type ContainerChange,
  type ContainerMirror,
} from './mirror.ts';
import { ContainerDetailsDocument, ContainersDocument, ContainerStatsDocument } from './operations.ts';
import { checkBounds } from './bounds.ts';
import { createDockerFacts } from './docker-facts.ts';
import { runAction, runRemove, type ContainerAction } from './actions.ts';
import { LogShares } from './log-shares.ts';
import { askFor, referredTo } from './reference.ts';
import { createSnapshots } from './snapshots.ts';
import {
  ContainerWork,
  type ContainerUpdate,
  type DuplicateOptions,
  type WorkAsker,
  type WorkTarget,
} from './work/service.ts';

export type { ContainerAction } from './actions.ts';
export { followLogs, type LogBatch } from './logs.ts';
export { whileRead } from './log-shares.ts';
export { containerRecreate } from './work/jobs.ts';
export { recreation } from './work/recreation.ts';
export { containerChanges, type ContainerChange, type ContainerMirror } from './mirror.ts';

/** A container together with where and when it was seen. */
export interface SeenContainer {
  readonly serverId: string;
  readonly container: AgentContainer;
  readonly observedAt: Date;
}

export type ContainerStatsBatch = ContainerStatsSubscription['containerStats'] & {
  readonly serverId: string;
};

export const containerStats = new Topic<ContainerStatsBatch>({
  buffering: { keep: 'latest', key: ({ serverId }) => serverId },
  channel: ({ serverId }) => serverId,
});

export type ContainerDetails = NonNullable<ContainerDetailsQuery['container']>;

/** How long a list waits for an agent before it falls back to what was last seen. Milliseconds. */
const listTimeoutMs = 5_000;
/** An agent that says each time that there is more would have us ask for ever. */
const maxPages = 1_000;

export class Containers {
  readonly logShares = new LogShares();
  readonly mirror: ContainerMirror;
  readonly work: ContainerWork;
  readonly #agents: AgentService;
  readonly #db: Database;
  readonly #topics: Topics;

  constructor(platform: Pick<Platform, 'db' | 'log'>, agents: AgentService, topics: Topics) {
    this.#agents = agents;
    this.#db = platform.db;
    this.#topics = topics;
    this.work = new ContainerWork(agents);
    this.mirror = createContainerMirror(
      agents.links,
      topics,
      createSnapshots(platform.db, platform.log),
      platform.log,
      createDockerFacts(platform.db, topics, platform.log),
    );
    topics.onDemand(containerStats, (serverId) =>
      whileLinked(agents.links, serverId, (link) => this.#watchStats(link, topics)),
    );
  }

  /**
   * The containers of a server: asked of its agent while it is linked, else as last seen; null when never seen.
   *
   * @throws ServerKitError what the agent said, unless it merely did not answer
   */
  async list(serverId: string, all: boolean): Promise<SeenContainer[] | null> {
    const link = this.#readable(serverId);
    if (link) {
      try {
        const items = await this.#ask(link, all, null);
        const observedAt = new Date();
        return items.map((container) => ({ serverId, container, observedAt }));
      } catch (error) {
        if (!isUnreachable(error)) throw error;
      }
    }
    const seen = await this.mirror.get(serverId);
    if (!seen) return null;
    return [...seen.containers.values()]
      .filter((container) => all || container.state === 'RUNNING')
      .map((container) => ({ serverId, container, observedAt: seen.observedAt }));
  }

  /** One container by id, 12 or more digits of it, or its name; null when there is none. */
  async find(serverId: string, reference: string): Promise<SeenContainer | null> {
    const link = this.#readable(serverId);
    if (link) {
      try {
        const known = this.mirror.peek(serverId)?.containers;
        const container = await askFor(reference, known && referredTo(reference, known)?.id, (ids) =>
          this.#ask(link, true, ids),
        );
        return container ? { serverId, container, observedAt: new Date() } : null;
      } catch (error) {
        if (isServerKitError(error, 'NOT_FOUND')) return null;
        if (!isUnreachable(error)) throw error;
      }
    }
    const seen = await this.mirror.get(serverId);
    const container = seen && referredTo(reference, seen.containers);
    return container ? { serverId, container, observedAt: seen.observedAt } : null;
  }

  /** @throws ServerKitError AGENT_OFFLINE, NOT_FOUND, DOCKER_UNAVAILABLE, … */
  async details(serverId: string, id: string, actor: string): Promise<ContainerDetails> {
    const link = this.#agents.links.require(serverId);
    const { container } = await link.run(
      ContainerDetailsDocument,
      { id },
      { actor, scopes: ['docker:containers:read'], timeoutMs: listTimeoutMs },
    );
    if (!container) throw notFound('container', id);
    return container;
  }

  /**
   * Does something to a container and waits for it.
   *
   * @throws ServerKitError AGENT_OFFLINE, AGENT_REFUSED, NOT_FOUND, CONFLICT, DOCKER_ERROR, OUTCOME_UNKNOWN, …
   */
  async act(serverId: string, id: string, action: ContainerAction, asker: Asker): Promise<SeenContainer> {
    return this.#noted(
      serverId,
      id,
      await runAction(this.#agents.commands, this.target(serverId, id), action, asker),
    );
  }

  /** @returns the full id of what is gone @throws ServerKitError as {@link act} */
  async remove(
    serverId: string,
    id: string,
    options: { readonly force: boolean; readonly removeVolumes: boolean },
    asker: Asker,
  ): Promise<string> {
    const target = this.target(serverId, id);
    await runRemove(this.#agents.commands, target, options, asker);
    return target.id;
  }

  /** @throws ServerKitError as {@link act}, and PERMISSION_DENIED */
  async update(target: WorkTarget, change: ContainerUpdate, asker: WorkAsker): Promise<SeenContainer> {
    const { serverId, id } = target;
    return this.#noted(serverId, id, await this.work.update(target, change, asker));
  }

  /** @throws ServerKitError as {@link update} */
  async duplicate(target: WorkTarget, options: DuplicateOptions, asker: WorkAsker): Promise<SeenContainer> {
    return this.#noted(target.serverId, options.name, await this.work.duplicate(target, options, asker));
  }

  /** Counts of a server as last seen, without asking it; undefined when never seen. */
  counts(serverId: string): { readonly running: number; readonly total: number } | undefined {
    const seen = this.mirror.peek(serverId);
    if (!seen) return undefined;
    const states = [...seen.containers.values()];
    return { total: states.length, running: states.filter(({ state }) => state === 'RUNNING').length };
  }

  /** Containers of every server (or of those named) that is seen, as last seen, by server and container name. */
  async fleet(serverIds: readonly string[] | null, sees: Sees): Promise<SeenContainer[]> {
    const servers = await this.#db.prisma.server.findMany({
      where: serverIds ? { id: { in: [...serverIds] } } : {},
      select: { id: true },
      orderBy: { name: 'asc' },
    });
    return seenOf(servers, sees, ({ id }) => id).flatMap(({ id: serverId }) => {
      const seen = this.mirror.peek(serverId);
      if (!seen) return [];
      return [...seen.containers.values()]
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map((container) => ({ serverId, container, observedAt: seen.observedAt }));
    });
  }

  /** What changes from now on, of one server or of every one. */
  changes(serverId: string | null, sees: Sees, signal: AbortSignal): Source<ContainerChange> {
    return this.#topics.subscribe(containerChanges, {
      ...(serverId !== null && { channels: [serverId] }),
      ...(sees && { where: (change) => sees(change.serverId) }),
      signal,
    });
  }

  /** What is known now, as one change for each server. */
  snapshot(serverId: string | null, sees: Sees): ContainerChange[] {
    return seenOf([...this.mirror.all()], sees, ([id]) => id)
      .filter(([id]) => serverId === null || id === serverId)
      .map(([id, seen]) => ({
        serverId: id,
        kind: 'SNAPSHOT',
        containers: [...seen.containers.values()],
        removedIds: [],
        docker: seen.docker,
        observedAt: seen.observedAt,
      }));
  }

  /** As it is after a command; asked for where the answer was lost although it was done. */
  async #noted(
    serverId: string,
    reference: string,
    container: AgentContainer | null,
  ): Promise<SeenContainer> {
    if (container) {
      this.mirror.note(serverId, container);
      return { serverId, container, observedAt: new Date() };
    }
    const seen = await this.find(serverId, reference);
    if (!seen) throw notFound('container', reference);
    return seen;
  }

  /** Whether a container runs, as last seen. */
  runs(serverId: string, reference: string): boolean {
    const known = this.mirror.peek(serverId)?.containers;
    return (known && referredTo(reference, known)?.state) === 'RUNNING';
  }

  /** What a reference means, as far as it is known here, for commands and the audit. */
  target(serverId: string, id: string) {
    const known = this.mirror.peek(serverId)?.containers;
    const container = known && referredTo(id, known);
    return {
      kind: 'container',
      serverId,
      id: container?.id ?? id,
      name: container?.name ?? id,
      image: container?.image ?? null,
    };
  }

  #readable(serverId: string): AgentLink | undefined {
    const link = this.#agents.links.get(serverId);
    return link && !link.closed.aborted && link.scopes.has('docker:containers:read') ? link : undefined;
  }

  async #ask(link: AgentLink, all: boolean, ids: readonly string[] | null): Promise<AgentContainer[]> {
    const items: AgentContainer[] = [];
    let after: string | null = null;
    for (let page = 0; page < maxPages; page++) {
      const { containers }: { containers: { items: AgentContainer[]; next: string | null } } = await link.run(
        ContainersDocument,
        { all, ids: ids && [...ids], after },
        { actor: 'system', scopes: ['docker:containers:read'], timeoutMs: listTimeoutMs },
      );
      items.push(...containers.items);
      checkBounds(items);
      after = containers.next;
      if (after === null) return items;
    }
    throw protocolError('a list of containers without an end');
  }

  #watchStats(link: AgentLink, topics: Topics) {
    if (!link.scopes.has('docker:containers:read')) return undefined;
    return link.subscribe(
      ContainerStatsDocument,
      {},
      { actor: 'system', scopes: ['docker:containers:read'] },
      {
        next: ({ containerStats: batch }) =>
          topics.publish(containerStats, { serverId: link.serverId, ...batch }),
        // The link's end is told elsewhere; a new link starts a new stream.
        end: () => undefined,
      },
    );
  }
}

function isUnreachable(error: unknown): boolean {
  return (
    isServerKitError(error, 'AGENT_OFFLINE') ||
    isServerKitError(error, 'AGENT_TIMEOUT') ||
    isServerKitError(error, 'OUTCOME_UNKNOWN') ||
    isServerKitError(error, 'DOCKER_UNAVAILABLE')
  );
}
