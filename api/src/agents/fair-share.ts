/** What one link may take of our time on average, 0–1: whatever an agent sends, the others are heard too. */
const share = 0.5;
/** And what it may take in one go, in milliseconds: a list of a thousand containers is no flood. */
const burstMs = 500;
/** The longest pause, in milliseconds: a link that is not read for longer would look dead. */
const longestPauseMs = 2_000;

/** The part of a WebSocket that can be kept waiting. */
interface Readable {
  pause(): void;
  resume(): void;
}

/**
 * Counts the time that reading one link takes, and stops reading while it has had more than its share. The agent's own
 * socket fills then, and it waits.
 */
export class FairShare {
  readonly #socket: Readable;
  #leftMs = burstMs;
  #at = performance.now();
  #paused = false;

  constructor(socket: Readable) {
    this.#socket = socket;
  }

  /** Does the work for one message. */
  take(work: () => void): void {
    const begun = performance.now();
    this.#leftMs = Math.min(burstMs, this.#leftMs + (begun - this.#at) * share);
    this.#at = begun;
    try {
      work();
    } finally {
      this.#leftMs -= performance.now() - begun;
      if (this.#leftMs < 0) this.#pause();
    }
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
    setTimeout(
      () => {
        this.#paused = false;
        this.#socket.resume();
      },
      Math.min(longestPauseMs, -this.#leftMs / share),
    ).unref();
  }
}
