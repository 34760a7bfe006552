import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './link.ts';

export interface Succession {
  /** The last that was opened. */
  current(): Link;
  /** Ends the link and opens the next. Asked for again before that one is open, it is the same one. */
  renew(): void;
}

export interface SuccessionOptions {
  readonly open: () => Link;
  /** How long a link that was stopped may take to end before the next is opened. Milliseconds. */
  readonly patienceMs: number;
  /** Whether there is to be no next one. */
  readonly over: () => boolean;
}

/** One link after the other: of two at once, the control plane takes the second for a copy of this agent. */
export function openSuccession({ open, patienceMs, over }: SuccessionOptions): Succession {
  let link = open();
  let renewing = false;

  async function replace(): Promise<void> {
    link.stop();
    await Promise.race([link.ended, sleep(patienceMs, undefined, { ref: false })]);
    renewing = false;
    if (!over()) link = open();
  }

  return {
    current: () => link,
    renew() {
      if (renewing) return;
      renewing = true;
      void replace();
    },
  };
}
