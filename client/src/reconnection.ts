import { Backoff, pause } from './backoff.ts';
import { ServerKitConnectionError } from './errors.ts';
import type { ConnectionState, ReconnectOptions } from './options.ts';

/** A connection that lived this long was a good one: the next failure begins with the shortest pause. Milliseconds. */
const stableMs = 5_000;

interface Turn {
  readonly over: Promise<void>;
  readonly cancel: AbortController;
  waiting: number;
}

/** When a lost connection is made again. All who lost it wait together. */
export class Reconnection {
  readonly #attempts: number;
  readonly #backoff: Backoff;
  readonly #tell: (state: ConnectionState) => void;
  #turn: Turn | undefined;
  #ever = false;
  #openedAt: number | undefined;

  constructor(
    { attempts = Infinity, maxDelayMs = 30_000 }: ReconnectOptions,
    tell: (state: ConnectionState) => void,
  ) {
    this.#attempts = attempts;
    this.#backoff = new Backoff(maxDelayMs);
    this.#tell = tell;
  }

  opened(): void {
    this.#ever = true;
    this.#openedAt = Date.now();
  }

  closed(): void {
    if (this.#openedAt !== undefined && Date.now() - this.#openedAt >= stableMs) this.#backoff.reset();
    this.#openedAt = undefined;
  }

  /**
   * Waits for the moment to try again. A connection that never was is not waited for: the address is more likely wrong
   * than the network bad.
   *
   * @returns false when it is not worth another attempt, or `signal` was aborted
   */
  async retry(error: Error, signal: AbortSignal): Promise<boolean> {
    if (!this.#ever || signal.aborted) return false;
    if (!(error instanceof ServerKitConnectionError) || !error.retryable) return false;
    if (!this.#turn && this.#backoff.failures >= this.#attempts) return false;
    const turn = (this.#turn ??= this.#wait(error));
    turn.waiting += 1;
    const leave = (): void => {
      turn.waiting -= 1;
      if (turn.waiting === 0) turn.cancel.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
    await turn.over;
    signal.removeEventListener('abort', leave);
    return !signal.aborted;
  }

  #wait(cause: Error): Turn {
    const cancel = new AbortController();
    const delayMs = this.#backoff.next();
    this.#tell({ state: 'waiting', delayMs, error: cause });
    const over = pause(delayMs, cancel.signal).then(() => {
      this.#turn = undefined;
    });
    return { over, cancel, waiting: 0 };
  }
}
