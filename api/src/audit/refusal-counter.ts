import { addressKey } from '../http/address-key.ts';
import type { Refusal } from './service.ts';

/** For how long like refusals are counted into one row. */
const windowMs = 60_000;

/** How many kinds are counted apart at once; beyond it they are counted together. */
const maxKinds = 1_000;

/** The same for one actor: whoever is refused in many ways neither fills the record nor hides what others try. */
const maxKindsOfOne = 50;

interface Window {
  readonly refusal: Refusal;
  readonly who: string;
  readonly timer: NodeJS.Timeout;
  /** Those after the first, which was written when the window opened. */
  more: number;
}

/** Writes the first refusal of a kind at once and the rest of a minute as one row. */
export class RefusalCounter {
  readonly #write: (refusal: Refusal, count: number) => Promise<void>;
  readonly #windows = new Map<string, Window>();
  /** How many of those one actor has. */
  readonly #kindsOf = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(write: (refusal: Refusal, count: number) => Promise<void>) {
    this.#write = write;
  }

  add(refusal: Refusal): void {
    const who = whoOf(refusal);
    const { kind, kept } = this.#kindFor(refusal, who);
    const open = this.#windows.get(kind);
    if (open) {
      open.more += 1;
      return;
    }
    const timer = setTimeout(() => this.#close(kind), windowMs).unref();
    this.#windows.set(kind, { refusal: kept, who, timer, more: 0 });
    this.#kindsOf.set(who, (this.#kindsOf.get(who) ?? 0) + 1);
    this.#start(kept, 1);
  }

  /** What it is counted as, and what is written then. */
  #kindFor(refusal: Refusal, who: string): { readonly kind: string; readonly kept: Refusal } {
    const own = kindOf(refusal, who);
    if (this.#windows.has(own)) return { kind: own, kept: refusal };
    const { actor } = refusal;
    const many = { action: 'many', code: 'MANY' };
    if ((this.#kindsOf.get(who) ?? 0) >= maxKindsOfOne) return { kind: who, kept: { actor, ...many } };
    if (this.#windows.size < maxKinds) return { kind: own, kept: refusal };
    return { kind: 'others', kept: { actor: { kind: 'system', label: 'several' }, ...many } };
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
    const left = (this.#kindsOf.get(window.who) ?? 1) - 1;
    if (left > 0) this.#kindsOf.set(window.who, left);
    else this.#kindsOf.delete(window.who);
    // What a stranger sent once is on record; the count says how often.
    if (window.more > 0) this.#start({ ...window.refusal, parameters: {} }, window.more);
  }

  #start(refusal: Refusal, count: number): void {
    const writing = this.#write(refusal, count).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

/** Strangers by their place: a network hands one of them any number of addresses. */
function whoOf({ actor }: Refusal): string {
  const name = 'id' in actor ? actor.id : 'address' in actor ? addressKey(actor.address) : actor.label;
  return `${actor.kind}\n${name}`;
}

/** Names are a server's own: a stack of the same name on another one is another. */
function kindOf({ action, code, target, serverId }: Refusal, who: string): string {
  return [who, action, code, serverId ?? '', target?.id ?? ''].join('\n');
}
