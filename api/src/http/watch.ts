import { ServerKitError } from '../errors.ts';

export interface WatchOptions {
  /** Throws when the transfer may not go on. */
  readonly check: () => Promise<unknown>;
  /** Between looks. Milliseconds. @default 5_000 */
  readonly everyMs?: number;
  /** For how long the client may keep it waiting. Milliseconds. @default 60_000 */
  readonly stillMs?: number;
  /** What trickles in has moved when it is so much. Bytes. @default 8 KiB */
  readonly leastBytes?: number;
}

/** Looks after a transfer that may take long: whether it still may, and whether the client still moves. Ends with its block. */
export class Watch implements Disposable {
  /** Aborted, with a ServerKitError as the reason, when it has to end. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** Null while it is not the client's turn. */
  #movedAt: number | null = null;
  /** For how long it had not moved when the rest began. Milliseconds. */
  #stillFor = 0;
  /** Bytes since it last counted as moved. */
  #trickled = 0;
  #checking = false;
  readonly #leastBytes: number;

  constructor({ check, everyMs = 5_000, stillMs = 60_000, leastBytes = 8 * 1024 }: WatchOptions) {
    this.#leastBytes = leastBytes;
    this.signal = this.#controller.signal;
    this.#timer = setInterval(() => {
      if (this.#movedAt !== null && performance.now() - this.#movedAt > stillMs) {
        this.#controller.abort(
          new ServerKitError(
            'CANCELLED',
            `Nothing moved for ${Math.round(stillMs / 1000)} seconds, so the transfer was given up.`,
          ),
        );
      }
      if (this.#checking || this.signal.aborted) return;
      this.#checking = true;
      check()
        .catch((error: unknown) => this.#controller.abort(error))
        .finally(() => (this.#checking = false));
    }, everyMs);
  }

  /** Something moved, and it is for the client to take or send the next piece. */
  touch(): void {
    this.#movedAt = performance.now();
    this.#trickled = 0;
  }

  /** So many bytes moved: a client that moves hardly any keeps it waiting all the same. */
  trickle(bytes: number): void {
    this.#trickled += bytes;
    if (this.#trickled >= this.#leastBytes) this.touch();
  }

  /** Others are at work, who have limits of their own. */
  rest(): void {
    if (this.#movedAt !== null) this.#stillFor = performance.now() - this.#movedAt;
    this.#movedAt = null;
  }

  /** It is for the client again, who has as much time left as before the rest. */
  resume(): void {
    this.#movedAt ??= performance.now() - this.#stillFor;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
