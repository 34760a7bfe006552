import { setTimeout as sleep } from 'node:timers/promises';
import { Notifier } from '../notifier.ts';
import { source, type Source } from '../source.ts';
import type { Container, ContainerChange, DockerFacts } from './container.ts';
import { pages } from './pages.ts';

/** What happens within this time is told at once: a restart is four events. Ms. */
const GATHER = 40;
/** After the engine failed to answer, before it is asked again. Ms. */
const TRY_AGAIN = 1000;

export interface ChangesOptions {
  readonly facts: () => DockerFacts;
  /** All containers, or those of the ids that still exist. @throws AgentError */
  readonly list: (ids: readonly string[] | null) => Promise<readonly Container[]>;
}

/** Tells subscribers of the live list what changed, as often as each of them can take it. */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #subscribers = new Set<Subscriber>();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** Something happened to these containers. */
  touch(ids: Iterable<string>): void {
    for (const subscriber of this.#subscribers) {
      for (const id of ids) subscriber.dirty.add(id);
      subscriber.news.notify();
    }
  }

  /** The engine came or went. */
  engineChanged(): void {
    for (const subscriber of this.#subscribers) {
      subscriber.engineChanged = true;
      subscriber.news.notify();
    }
  }

  subscribe(outer: AbortSignal): Source<ContainerChange> {
    return source(outer, async ({ push, signal }) => {
      const subscriber: Subscriber = {
        dirty: new Set(),
        engineChanged: false,
        whole: true,
        news: new Notifier(),
      };
      this.#subscribers.add(subscriber);
      try {
        if (!this.#options.facts().available) await push(this.#change('DOCKER', [], []));
        while (!signal.aborted) await this.#step(subscriber, push, signal);
      } finally {
        this.#subscribers.delete(subscriber);
      }
    });
  }

  async #step(
    subscriber: Subscriber,
    push: (change: ContainerChange) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    if (subscriber.engineChanged) {
      subscriber.engineChanged = false;
      subscriber.whole = true;
      await push(this.#change('DOCKER', [], []));
      return;
    }
    const { dirty } = subscriber;
    const due = this.#options.facts().available && (subscriber.whole || dirty.size > 0);
    if (!due) {
      await subscriber.news.wait(signal);
      if (dirty.size > 0) await sleep(GATHER, undefined, { signal }).catch(() => undefined);
      return;
    }
    const ids = subscriber.whole ? null : [...dirty];
    subscriber.whole = false;
    dirty.clear();
    try {
      const containers = await this.#options.list(ids);
      if (ids === null) await this.#pushSnapshot(containers, push);
      else await push(this.#delta(ids, containers));
    } catch (error) {
      if (signal.aborted) throw error;
      // The engine is busy or going: what could not be read is still to be told.
      if (ids === null) subscriber.whole = true;
      else for (const id of ids) dirty.add(id);
      await sleep(TRY_AGAIN, undefined, { signal }).catch(() => undefined);
    }
  }

  async #pushSnapshot(
    containers: readonly Container[],
    push: (change: ContainerChange) => Promise<void>,
  ): Promise<void> {
    const all = pages(containers);
    for (const [index, page] of all.entries()) {
      await push({ ...this.#change('SNAPSHOT', page, []), complete: index === all.length - 1 });
    }
  }

  #delta(ids: readonly string[], containers: readonly Container[]): ContainerChange {
    const there = new Set(containers.map((container) => container.id));
    return this.#change(
      'DELTA',
      containers,
      ids.filter((id) => !there.has(id)),
    );
  }

  #change(
    kind: ContainerChange['kind'],
    containers: readonly Container[],
    removedIds: readonly string[],
  ): ContainerChange {
    return { kind, containers, removedIds, docker: this.#options.facts(), complete: true, at: Date.now() };
  }
}

interface Subscriber {
  readonly dirty: Set<string>;
  engineChanged: boolean;
  /** Everything is to be told, not only what is dirty. */
  whole: boolean;
  readonly news: Notifier;
}
