import type { Look } from './look.ts';

export interface Toast {
  readonly id: number;
  readonly look: Look;
  readonly text: string;
  readonly href?: string | undefined;
}

const shownMs = 6_000;
/** What leads somewhere is read, and then reached for. */
const linkShownMs = 15_000;
const atMost = 4;

/** Short messages at the edge of the screen. Errors stay until they are closed. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 0;

  /** @returns closes it before its time */
  good(text: string, href?: string): () => void {
    const id = this.#next++;
    this.#add({ id, look: 'good', text, href }, href === undefined ? shownMs : linkShownMs);
    return () => this.close(id);
  }

  critical(text: string, href?: string): void {
    this.#add({ id: this.#next++, look: 'critical', text, href });
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Toast, forMs?: number): void {
    this.list = [...this.list.filter(({ text }) => text !== toast.text), toast].slice(-atMost);
    if (forMs !== undefined) setTimeout(() => this.close(toast.id), forMs);
  }
}

export const toasts = new Toasts();
