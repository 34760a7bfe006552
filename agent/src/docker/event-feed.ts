import { randomBytes } from 'node:crypto';
import { Notifier } from '../notifier.ts';
import { source, type Source } from '../source.ts';
import type { EngineEvent } from './watcher.ts';

/** Kept for who comes later. */
const MAX_RECENT = 200;
/** Waiting for one who is slow; what is more is counted, and lost to them. */
const MAX_WAITING = 1000;
/** Keeps a message far below the largest frame. */
const MAX_BATCH = 200;

export interface FedEvent extends EngineEvent {
  /** Of no other event, whenever it is told: who hears of one twice can tell. */
  readonly key: string;
}

export interface EngineEventBatch {
  readonly events: readonly FedEvent[];
  /** How many were lost, before these, because they were not taken in time. */
  readonly missed: number;
}

interface Subscriber {
  readonly types: ReadonlySet<string>;
  readonly news: Notifier;
  waiting: FedEvent[];
  missed: number;
}

/** Tells any number of subscribers of the one stream of the engine's events, each as fast as it can take it. */
export class EventFeed {
  readonly #epoch = randomBytes(6).toString('hex');
  readonly #subscribers = new Set<Subscriber>();
  #recent: FedEvent[] = [];
  #count = 0;

  tell(event: EngineEvent): void {
    const fed: FedEvent = { ...event, key: `${this.#epoch}-${this.#count++}` };
    this.#recent = [...this.#recent.slice(1 - MAX_RECENT), fed];
    for (const subscriber of this.#subscribers) {
      if (!subscriber.types.has(fed.type)) continue;
      if (subscriber.waiting.length < MAX_WAITING) subscriber.waiting.push(fed);
      else subscriber.missed += 1;
      subscriber.news.notify();
    }
  }

  subscribe(types: ReadonlySet<string>, outer: AbortSignal): Source<EngineEventBatch> {
    return source(
      outer,
      async ({ push, signal }) => {
        const waiting = this.#recent.filter(({ type }) => types.has(type));
        const subscriber: Subscriber = { types, news: new Notifier(), waiting, missed: 0 };
        this.#subscribers.add(subscriber);
        try {
          while (!signal.aborted) {
            if (subscriber.waiting.length === 0) await subscriber.news.wait(signal);
            const { missed } = subscriber;
            const events = subscriber.waiting.splice(0, MAX_BATCH);
            subscriber.missed = 0;
            if (events.length > 0) await push({ events, missed });
          }
        } finally {
          this.#subscribers.delete(subscriber);
        }
      },
      1,
    );
  }
}
