import { Notifier } from '../notifier.ts';
import { source, type Source } from '../source.ts';
import type { ContainerStats, ContainerStatsBatch } from './container.ts';
import type { Engine } from './engine.ts';
import { StatsStreams } from './stats-stream.ts';
import type { UsageMeter } from './usage.ts';

export interface StatsOptions {
  readonly engine: Engine;
  readonly usage: UsageMeter;
  /** Full ids. */
  readonly active: () => readonly string[];
  readonly process: (id: string) => Promise<Process>;
}

/** The first process of a container, on the host. */
interface Process {
  readonly pid: number | null;
  /** False where it shares the network of the host or of another container. */
  readonly ownNetwork: boolean;
}

interface Group {
  watchers: number;
  latest: ContainerStatsBatch | undefined;
  readonly fresh: Notifier;
  readonly stop: () => void;
}

/** Live use of all running containers; those who ask for the same interval share the work. */
export class Stats {
  readonly #options: StatsOptions;
  readonly #groups = new Map<number, Group>();

  constructor(options: StatsOptions) {
    this.#options = options;
  }

  subscribe(intervalMs: number, outer: AbortSignal): Source<ContainerStatsBatch> {
    return source(outer, async ({ push, signal }) => {
      const group = this.#join(intervalMs);
      try {
        let shown: ContainerStatsBatch | undefined;
        while (!signal.aborted) {
          const { latest } = group;
          if (latest && latest !== shown) {
            shown = latest;
            await push(latest);
          } else await group.fresh.wait(signal);
        }
      } finally {
        this.#leave(intervalMs, group);
      }
    });
  }

  close(): void {
    for (const group of this.#groups.values()) group.stop();
    this.#groups.clear();
  }

  #join(intervalMs: number): Group {
    const known = this.#groups.get(intervalMs);
    if (known) {
      known.watchers++;
      return known;
    }
    const sampler = new Sampler(this.#options);
    let busy = false;
    const tick = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      try {
        group.latest = await sampler.sample();
        group.fresh.notify();
      } catch {
        // Left out; the next one comes soon.
      } finally {
        busy = false;
      }
    };
    const timer = setInterval(() => void tick(), intervalMs);
    const group: Group = {
      watchers: 1,
      latest: undefined,
      fresh: new Notifier(),
      stop: () => {
        clearInterval(timer);
        sampler.close();
      },
    };
    this.#groups.set(intervalMs, group);
    void tick();
    return group;
  }

  #leave(intervalMs: number, group: Group): void {
    if (--group.watchers > 0) return;
    group.stop();
    this.#groups.delete(intervalMs);
  }
}

class Sampler {
  readonly #options: StatsOptions;
  readonly #streams: StatsStreams;
  readonly #before = new Map<string, { readonly nanoseconds: number; readonly at: number }>();

  constructor(options: StatsOptions) {
    this.#options = options;
    this.#streams = new StatsStreams(options.engine);
  }

  async sample(): Promise<ContainerStatsBatch> {
    const ids = this.#options.active();
    const there = new Set(ids);
    for (const id of this.#before.keys()) if (!there.has(id)) this.#before.delete(id);
    const processes = await Promise.all(ids.map((id) => this.#options.process(id)));
    const unseen = new Set<string>();
    const items = ids.flatMap((id, index) => {
      const process = processes[index] ?? { pid: null, ownNetwork: false };
      if (this.#options.usage.sees(id, process.pid)) return this.#read(id, process) ?? [];
      unseen.add(id);
      return this.#streams.latest(id) ?? [];
    });
    this.#streams.watch(unseen);
    return { at: Date.now(), items };
  }

  close(): void {
    this.#streams.close();
  }

  #read(id: string, { pid, ownNetwork }: Process): ContainerStats | undefined {
    const { usage } = this.#options;
    const before = this.#before.get(id) ?? usage.base(id);
    const found = usage.stats(id, before, ownNetwork ? pid : null);
    if (!found) return undefined;
    this.#before.set(id, found.reading);
    // CPU use takes two readings: a container that just appeared is told of at the next.
    return before ? found.stats : undefined;
  }
}
