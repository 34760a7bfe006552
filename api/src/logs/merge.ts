import { compareMoments, type Moment } from './moment.ts';

/** What is merged: it has a source, a time, and a length in characters. */
export interface Mergeable {
  readonly source: number;
  readonly moment: Moment;
  readonly text: string;
}

export interface MergePace {
  /** A source that sent nothing for so long is not waited for. Milliseconds. */
  readonly quietMs: number;
  /** The same for one that has not sent anything yet. Milliseconds. */
  readonly firstMs: number;
  /** No line waits longer for an earlier one of another source. Milliseconds. */
  readonly holdMs: number;
}

/** Each source may have so much waiting here before it is read no further. Characters. */
export const roomEach = 256 * 1024;
/** A line weighs as well, though it were empty. */
const lineWeight = 64;

interface Queue<Item> {
  items: { readonly item: Item; readonly arrivedAt: number }[];
  /** The first that is left of `items`. */
  head: number;
  held: number;
  /** More may come. */
  open: boolean;
  begun: boolean;
  quietSince: number;
}

/**
 * Brings what several sources tell, each in its own order, into the order of time. Something goes out once no source can have
 * anything earlier: each has its next line here, or has ended. With a pace, as for logs that are followed, sources that are
 * quiet are not waited for either, so what comes late may come out of order. Knows no clock: `now` is in milliseconds.
 */
export class TimeMerge<Item extends Mergeable> {
  readonly #queues: readonly Queue<Item>[];
  readonly #pace: MergePace | null;

  /** @param pace - null to wait for every source, however long it takes */
  constructor(count: number, pace: MergePace | null, now: number) {
    this.#pace = pace;
    this.#queues = Array.from({ length: count }, () => ({
      items: [],
      head: 0,
      held: 0,
      open: true,
      begun: false,
      quietSince: now,
    }));
  }

  push(source: number, items: readonly Item[], now: number): void {
    const queue = this.#queues[source];
    if (!queue || items.length === 0) return;
    for (const item of items) {
      queue.items.push({ item, arrivedAt: now });
      queue.held += item.text.length + lineWeight;
    }
    queue.begun = true;
  }

  /** Whether a source may be read further. */
  hasRoom(source: number): boolean {
    return (this.#queues[source]?.held ?? 0) < roomEach;
  }

  /** Nothing more comes of it for now: it is not waited for. */
  close(source: number): void {
    const queue = this.#queues[source];
    if (queue) queue.open = false;
  }

  /** It goes on. */
  open(source: number, now: number): void {
    const queue = this.#queues[source];
    if (!queue || queue.open) return;
    Object.assign(queue, { open: true, begun: false, quietSince: now });
  }

  get empty(): boolean {
    return this.#queues.every((_, source) => this.isEmpty(source));
  }

  /** Whether all that a source told went out. */
  isEmpty(source: number): boolean {
    const queue = this.#queues[source];
    return !queue || queue.head === queue.items.length;
  }

  /** What may go out, at most about so many characters of it. */
  take(now: number, most: number): Item[] {
    const taken: Item[] = [];
    let weight = 0;
    while (weight < most) {
      const next = this.#next();
      if (!next || this.#waitsUntil(next, now) > now) break;
      const { item } = next.first;
      this.#advance(next.queue, now);
      taken.push(item);
      weight += item.text.length + lineWeight;
    }
    return taken;
  }

  /** When something may be taken although nothing else happens; null when that needs something to arrive. */
  dueAt(now: number): number | null {
    const next = this.#next();
    if (!next) return null;
    const due = this.#waitsUntil(next, now);
    return Number.isFinite(due) ? due : null;
  }

  #next() {
    let found: { queue: Queue<Item>; first: Queue<Item>['items'][number] } | undefined;
    for (const queue of this.#queues) {
      const first = queue.items[queue.head];
      if (first && (!found || compareMoments(this.#orderOf(first), this.#orderOf(found.first)) < 0))
        found = { queue, first };
    }
    return found;
  }

  /** A clock that runs ahead must not hold its lines back, where they are followed: nothing was written later than it came. */
  #orderOf({ item: { moment }, arrivedAt }: Queue<Item>['items'][number]): Moment {
    return this.#pace && moment.ms > arrivedAt ? { ms: arrivedAt, nanos: 0 } : moment;
  }

  #waitsUntil({ queue, first }: { queue: Queue<Item>; first: { readonly arrivedAt: number } }, now: number) {
    let until = now;
    for (const other of this.#queues) {
      if (other === queue || !other.open || other.head < other.items.length) continue;
      if (!this.#pace) return Infinity;
      const { quietMs, firstMs, holdMs } = this.#pace;
      const quietAt = other.quietSince + (other.begun ? quietMs : firstMs);
      until = Math.max(until, Math.min(quietAt, first.arrivedAt + holdMs));
    }
    return until;
  }

  #advance(queue: Queue<Item>, now: number): void {
    const first = queue.items[queue.head];
    queue.held -= (first?.item.text.length ?? 0) + lineWeight;
    queue.head += 1;
    if (queue.head === queue.items.length) {
      queue.items = [];
      queue.head = 0;
      queue.quietSince = now;
    } else if (queue.head >= 1_024) {
      queue.items = queue.items.slice(queue.head);
      queue.head = 0;
    }
  }
}
