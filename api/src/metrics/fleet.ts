import type { Topics } from '../live/topics.ts';
import type { Newest } from './newest.ts';
import { fleetNumbers } from './topics.ts';

/** Changes of the whole fleet are told at most this often (ms). */
const everyMs = 1_000;

/** Gathers what changed anywhere in the fleet, while somebody watches, and tells it in one batch. */
export class Fleet {
  readonly #changed = new Set<string>();
  #watched = false;

  constructor(topics: Topics, newest: Newest) {
    topics.onDemand(fleetNumbers, () => {
      this.#watched = true;
      const timer = setInterval(() => {
        if (this.#changed.size === 0) return;
        const items = [...this.#changed].flatMap((serverId) => newest.numbers(serverId) ?? []);
        this.#changed.clear();
        topics.publish(fleetNumbers, { items });
      }, everyMs);
      return () => {
        clearInterval(timer);
        this.#watched = false;
        this.#changed.clear();
      };
    });
  }

  changed(serverId: string): void {
    if (this.#watched) this.#changed.add(serverId);
  }
}
