import type { Refusal } from './service.ts';

/** For how long like refusals are counted into one row. */
const windowMs = 60_000;

/** How many kinds are counted apart at once; beyond it they are counted together. */
const maxKinds = 1_000;

interface Window {
  readonly refusal: Refusal;
  readonly timer: NodeJS.Timeout;
  /** Those after the first, which was written when the window opened. */
  more: number;
}

/** Writes the first refusal of a kind at once and the rest of a minute as one row. */
export class RefusalCounter {
  readonly #write: (refusal: Refusal, count: number) => Promise<void>;
  readonly #windows = new Map<string, Window>();
  readonly #writing = new Set<Promise<void>>();

  constructor(write: (refusal: Refusal, count: number) => Promise<void>) {
    this.#write = write;
  }

  add(refusal: Refusal): void {
    const full = this.#windows.size >= maxKinds;
    const own = kindOf(refusal);
    const kind = full && !this.#windows.has(own) ? 'others' : own;
    const open = this.#windows.get(kind);
    if (open) {
      open.more += 1;
      return;
    }
    const kept: Refusal =
      kind === 'others'
        ? { actor: { kind: 'system', label: 'several' }, action: 'many', code: 'MANY' }
        : refusal;
    const timer = setTimeout(() => this.#close(kind), windowMs).unref();
    this.#windows.set(kind, { refusal: kept, timer, more: 0 });
    this.#start(kept, 1);
  }

  async flush(): Promise<void> {
    for (const kind of this.#windows.keys()) this.#close(kind);
    await Promise.all(this.#writing);
  }

  #close(kind: string): void {
    const window = this.#windows.get(kind);
    if (!window) return;
    clearTimeout(window.timer);
    this.#windows.delete(kind);
    // What a stranger sent once is on record; the count says how often.
    if (window.more > 0) this.#start({ ...window.refusal, parameters: {} }, window.more);
  }

  #start(refusal: Refusal, count: number): void {
    const writing = this.#write(refusal, count).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

function kindOf({ actor, action, code, target }: Refusal): string {
  const who = 'id' in actor ? actor.id : 'address' in actor ? actor.address : actor.label;
  return [actor.kind, who, action, code, target?.id ?? ''].join('\n');
}
