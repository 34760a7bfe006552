import { array, object, text, type JsonObject } from './json.ts';
import { filters, type Engine } from './engine.ts';
import {
  containerOf,
  lifetimeOf,
  noUsage,
  stateOf,
  unknownLifetime,
  type Lifetime,
  type Usage,
} from './mapping.ts';
import type { Container } from './container.ts';
import { isOwnContainer, isOwnImage } from './own.ts';
import type { DockerCounts } from './service.ts';
import type { EngineEvent } from './watcher.ts';

/** Inspections under way at once: the engine takes a lock for each. */
const AT_ONCE = 4;
/** How often a list is asked for that says of a state other than the container itself does. */
const MAX_LISTS = 4;
/** More ids than this make a query longer than servers like; then everything is listed. */
const MAX_FILTERED = 50;

/** What state an event leaves a container in, as far as counting goes. */
const stateAfter: Readonly<Record<string, string>> = {
  create: 'CREATED',
  start: 'RUNNING',
  die: 'EXITED',
  pause: 'PAUSED',
  unpause: 'RUNNING',
};

/** What is known of the engine's containers without asking it again. */
export class Inventory {
  readonly #engine: Pick<Engine, 'get'>;
  readonly #states = new Map<string, string>();
  readonly #lifetimes = new Map<string, Lifetime>();
  readonly #fresh = new Set<string>();
  #images: number | null = null;
  #imagesChanged = false;
  #known = false;
  /** Events that came while everything is looked at anew: the reply may be older than they are. */
  #meanwhile: EngineEvent[] | undefined;

  constructor(engine: Pick<Engine, 'get'>) {
    this.#engine = engine;
  }

  /** Looks at everything anew. @throws AgentError */
  async reload(): Promise<void> {
    this.#meanwhile = [];
    await this.#countImages();
    const entries = array(await this.#engine.get('/containers/json', { all: true }))
      .map(object)
      .filter((entry) => !isOwnContainer(entry));
    this.#states.clear();
    this.#lifetimes.clear();
    for (const entry of entries) this.#states.set(text(entry['Id']), stateOf(entry['State']));
    this.#known = true;
    const meanwhile = this.#meanwhile;
    this.#meanwhile = undefined;
    for (const event of meanwhile) this.apply(event);
  }

  /** The engine is gone: nothing is known. */
  clear(): void {
    this.#known = false;
    this.#meanwhile = undefined;
    this.#states.clear();
    this.#lifetimes.clear();
  }

  apply(event: EngineEvent): void {
    this.#meanwhile?.push(event);
    if (event.type === 'image') this.#imagesChanged = true;
    const id = event.type === 'network' ? event.container : event.id;
    if (event.type === 'image' || id === null) return;
    this.#lifetimes.delete(id);
    // An inspection that is under way may have seen the time before the event.
    this.#fresh.delete(id);
    if (event.action === 'destroy') this.#states.delete(id);
    // It counts from when it is started.
    if (event.own && event.action === 'create') return;
    const state = event.type === 'container' ? stateAfter[event.action] : undefined;
    if (state !== undefined) this.#states.set(id, state);
  }

  /** Those that hold processes, frozen ones included. */
  active(): string[] {
    return [...this.#states].flatMap(([id, state]) => (state === 'RUNNING' || state === 'PAUSED' ? id : []));
  }

  counts(): DockerCounts | null {
    if (!this.#known) return null;
    if (this.#imagesChanged) {
      this.#imagesChanged = false;
      this.#countImages().catch(() => {
        this.#imagesChanged = true;
      });
    }
    let running = 0;
    for (const state of this.#states.values()) if (state === 'RUNNING') running++;
    return {
      containersTotal: this.#states.size,
      containersRunning: running,
      imagesTotal: this.#images,
    };
  }

  /**
   * Containers as the engine lists them, newest first.
   *
   * @param usage of those that run
   * @throws AgentError
   */
  async list(options: ListFilter, usage: (id: string) => Usage): Promise<Container[]> {
    const { entries, lifetimes } = await this.#seen(options);
    return entries
      .map((entry) => {
        const id = text(entry['Id']);
        const active = ['RUNNING', 'PAUSED'].includes(stateOf(entry['State']));
        return containerOf(entry, lifetimes.get(id) ?? unknownLifetime, active ? usage(id) : noUsage);
      })
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  /**
   * The engine tells that a container died before its list does: a list may be of the time before the event, and no
   * other event would set it right. An inspection waits until the container is what it is to be, so where the two
   * differ, the list is asked for again.
   */
  async #seen({ all, ids }: ListFilter): Promise<{
    entries: readonly JsonObject[];
    lifetimes: ReadonlyMap<string, Lifetime>;
  }> {
    const narrow = ids && ids.length <= MAX_FILTERED ? filters({ id: ids }) : {};
    const wanted = ids && new Set(ids);
    for (let lists = 1; ; lists++) {
      const entries = array(await this.#engine.get('/containers/json', { all, ...narrow }))
        .map(object)
        .filter((entry) => !isOwnContainer(entry) && (!wanted || wanted.has(text(entry['Id']))));
      const lifetimes = await this.#lifetimesOf(entries.map((entry) => text(entry['Id'])));
      const differing = entries.filter((entry) => {
        const state = lifetimes.get(text(entry['Id']))?.state;
        return state && state !== stateOf(entry['State']);
      });
      if (differing.length === 0 || lists === MAX_LISTS) return { entries, lifetimes };
      // It may as well be the inspection that is old: one kept from before an event that is still on its way.
      for (const entry of differing) this.#lifetimes.delete(text(entry['Id']));
    }
  }

  async lifetime(id: string): Promise<Lifetime> {
    return this.#lifetimes.get(id) ?? (await this.#inspect(id));
  }

  async #lifetimesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Lifetime>> {
    const found = new Map<string, Lifetime>();
    const rest = ids.values();
    const worker = async (): Promise<void> => {
      for (const id of rest) found.set(id, await this.lifetime(id));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return found;
  }

  /** One that vanished meanwhile, or that the engine cannot describe, just goes without these details. */
  async #inspect(id: string): Promise<Lifetime> {
    this.#fresh.add(id);
    try {
      const lifetime = lifetimeOf(object(await this.#engine.get(`/containers/${id}/json`)));
      if (this.#fresh.has(id)) this.#lifetimes.set(id, lifetime);
      return lifetime;
    } catch {
      return unknownLifetime;
    } finally {
      this.#fresh.delete(id);
    }
  }

  async #countImages(): Promise<void> {
    const images = array(await this.#engine.get('/images/json')).map(object);
    this.#images = images.filter((image) => !isOwnImage(image)).length;
  }
}

export interface ListFilter {
  readonly all: boolean;
  /** Only these; null for all. */
  readonly ids: readonly string[] | null;
}
