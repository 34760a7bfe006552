import { AgentError } from '../errors.ts';
import type { Log } from '../log.ts';
import { perform, removeContainer } from './actions.ts';
import { Changes } from './changes.ts';
import type { Container } from './container.ts';
import { detailsOf } from './details-mapping.ts';
import { createEngine, type Engine } from './engine.ts';
import { EventFeed } from './event-feed.ts';
import { Inventory } from './inventory.ts';
import { object } from './json.ts';
import { containerLogs } from './logs.ts';
import { OwnEvents } from './own.ts';
import { pages } from './pages.ts';
import { noEngine } from './probe.ts';
import { isFullId, resolve } from './reference.ts';
import type { ContainerPage, DockerService, ListOptions } from './service.ts';
import { Stats } from './stats.ts';
import { UsageMeter } from './usage.ts';
import { watchEngine, type EngineEvent } from './watcher.ts';

export interface DockerOptions {
  readonly socket: string;
  /** For each call. Ms. */
  readonly timeoutMs: number;
  readonly log: Log;
  /** @default one that reads the host's control groups */
  readonly usage?: UsageMeter;
}

/** Begins to look for the engine at once; until it is found everything answers DOCKER_UNAVAILABLE. */
export function createDocker({
  socket,
  timeoutMs,
  log,
  usage = new UsageMeter(),
}: DockerOptions): DockerService {
  const engine = createEngine({ socket, timeoutMs });
  const inventory = new Inventory(engine);
  const changes = new Changes({
    facts: () => watcher.facts(),
    list: (ids) => list(ids),
  });
  const stats = new Stats({
    engine,
    usage,
    active: () => inventory.active(),
    process: (id) => inventory.lifetime(id),
  });
  const events = new EventFeed();
  const own = new OwnEvents();
  const watcher = watchEngine({
    engine,
    socket,
    log,
    listener: {
      async up() {
        await inventory.reload();
        usage.tick(inventory.active());
        changes.engineChanged();
      },
      down() {
        inventory.clear();
        own.clear();
        usage.clear();
        changes.engineChanged();
      },
      event,
    },
  });

  function event(happened: EngineEvent): void {
    const told = own.tell(happened);
    for (const one of told) events.tell(one);
    if (happened.type === 'volume') return;
    inventory.apply(happened);
    if (happened.action === 'die' || happened.action === 'destroy') usage.forget(happened.id);
    const id = happened.type === 'network' ? happened.container : happened.id;
    if (told.length > 0 && happened.type !== 'image' && id !== null) changes.touch([id]);
  }

  function list(ids: readonly string[] | null, all = true): Promise<Container[]> {
    return inventory.list({ all, ids }, (id) => usage.now(id));
  }

  /** @throws AgentError NOT_FOUND */
  async function find(reference: string): Promise<Container> {
    return resolve(reference, await list(isFullId(reference) ? [reference] : null));
  }

  return {
    engine,
    facts: () => watcher.facts(),
    counts: () => inventory.counts(),
    async list(options) {
      return pageOf(await list(options.ids, options.all), options);
    },
    find,
    async details(reference) {
      try {
        const container = await find(reference);
        return detailsOf(container, object(await engine.get(`/containers/${container.id}/json`)));
      } catch (error) {
        if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
        throw error;
      }
    },
    async act(reference, action, signal) {
      const before = await find(reference);
      await perform(engine, before.id, action, signal);
      const [after] = await list([before.id]);
      // One that was started with --rm is gone once it stops.
      return (
        after ?? { ...before, state: 'REMOVING', status: 'Removed', cpuPercent: null, memoryBytes: null }
      );
    },
    async remove(reference, options, signal) {
      const { id } = await find(reference);
      await removeContainer(engine, id, options, signal);
      return id;
    },
    changes: (signal) => changes.subscribe(signal),
    events: (types, signal) => events.subscribe(types, signal),
    stats: (intervalMs, signal) => stats.subscribe(intervalMs, signal),
    logs(options, credits, signal) {
      const id = async (): Promise<string> => (await find(options.id)).id;
      return containerLogs({ ...options, id, engine }, credits, signal);
    },
    measure: () => usage.tick(inventory.active()),
    close() {
      watcher.close();
      stats.close();
    },
  };
}

/** The cursor names the last container of a page by age and id, so that it holds when that container is removed. */
function pageOf(containers: readonly Container[], { first, after }: ListOptions): ContainerPage {
  const rest = after === null ? containers : containers.filter((container) => isAfter(container, after));
  const [items = []] = pages(rest, first);
  const last = items.at(-1);
  return { items, next: last && items.length < rest.length ? `${last.createdAt} ${last.id}` : null };
}

function isAfter({ createdAt, id }: Container, cursor: string): boolean {
  const [age, lastId = ''] = cursor.split(' ');
  return createdAt < Number(age) || (createdAt === Number(age) && id > lastId);
}

/** Stands in where the configuration switches Docker off. */
export function createNoDocker(): DockerService {
  const why = "Docker is switched off in this agent's configuration.";
  const facts = noEngine(why);
  const refuse = (): never => {
    throw new AgentError('POLICY_DENIED', why);
  };
  const engine: Engine = {
    get: refuse,
    head: refuse,
    post: refuse,
    delete: refuse,
    call: refuse,
    stream: refuse,
    open: refuse,
    hijack: refuse,
  };
  return {
    engine,
    facts: () => facts,
    counts: () => null,
    list: refuse,
    find: refuse,
    details: refuse,
    act: refuse,
    remove: refuse,
    changes: refuse,
    events: refuse,
    stats: refuse,
    logs: refuse,
    measure: () => undefined,
    close: () => undefined,
  };
}
