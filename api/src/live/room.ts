import type { Source } from './source.ts';

/** Stands for every channel of a topic. */
export const allChannels = '*';

/** Starts what feeds a channel; what it returns stops it. */
export type Feed = (channel: string) => () => void;

/** Who listens to a topic, by channel, and what feeds it while they do. */
export class Room<Payload> {
  readonly #channels = new Map<string, Set<Source<Payload>>>();
  readonly #feeds = new Map<Feed, Map<string, () => void>>();

  enter(channels: readonly string[] = [allChannels], source: Source<Payload>): void {
    for (const channel of channels) {
      const there = this.#channels.get(channel);
      if (there) {
        there.add(source);
        continue;
      }
      this.#channels.set(channel, new Set([source]));
      for (const [feed, running] of this.#feeds) running.set(channel, feed(channel));
    }
  }

  leave(channels: readonly string[] = [allChannels], source: Source<Payload>): void {
    for (const channel of channels) {
      const there = this.#channels.get(channel);
      if (!there?.delete(source) || there.size > 0) continue;
      this.#channels.delete(channel);
      for (const running of this.#feeds.values()) {
        running.get(channel)?.();
        running.delete(channel);
      }
    }
  }

  deliver(channel: string, payload: Payload): void {
    for (const source of this.#channels.get(channel) ?? []) source.push(payload);
    if (channel === allChannels) return;
    for (const source of this.#channels.get(allChannels) ?? []) source.push(payload);
  }

  watched(channel: string): boolean {
    return this.#channels.has(allChannels) || this.#channels.has(channel);
  }

  feed(feed: Feed): () => void {
    const running = new Map([...this.#channels.keys()].map((channel) => [channel, feed(channel)]));
    this.#feeds.set(feed, running);
    return () => {
      this.#feeds.delete(feed);
      for (const stop of running.values()) stop();
    };
  }
}
