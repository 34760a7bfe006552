import { apiError, ServerKitApiError } from './errors.ts';
import type { Payload, RawAnswer } from './answer.ts';
import { Inbox } from './inbox.ts';
import type { Socket } from './socket.ts';

/** What becomes of events that arrive faster than they are read. */
export type Backlog<Data> =
  | {
      /** Events that may wait. @default 1_000 */
      readonly limit?: number;
      /**
       * What happens when one more arrives:
       *
       * - `fail`: the iteration ends with SLOW_CONSUMER, after those that wait.
       * - `drop`: the oldest goes. For what is soon told again.
       * - `restart`: all that wait go, and the subscription begins anew once it is read again. For what begins with a
       *   snapshot.
       * - `wait`: the sender waits and nothing is lost. Takes a connection of its own. Where the platform cannot stop
       *   reading (browsers) the subscription ends, and begins anew once everything was read: give the variables as a
       *   function that tells where to go on.
       *
       * @default 'fail'
       */
      readonly overflow?: 'fail' | 'drop' | 'restart' | 'wait';
    }
  | {
      /** Keeps only the newest event of each key, so that the number of keys bounds what waits. */
      readonly newestOf: (data: Data) => string;
    };

export interface StreamEvent<Data> {
  readonly data: Data;
  /** The first event after the subscription began, or began anew: what happened before it may be missing. */
  readonly gap: boolean;
}

export interface StreamOptions<Data> {
  /** Ends the iteration, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly backlog?: Backlog<Data> | undefined;
  /** Takes the errors of an event that also has data, which otherwise end the iteration. */
  readonly onErrors?: ((errors: readonly ServerKitApiError[]) => void) | undefined;
}

interface Needs<Data> extends StreamOptions<Data> {
  readonly socket: Socket;
  /** Asked for at each beginning. */
  readonly payload: () => Payload;
}

const defaultLimit = 1_000;

/**
 * A subscription as an async iterable. It begins with the first read, comes back after the connection was lost, and ends
 * with the reader: `break`, `return` or the signal end it at the API too.
 */
export class Stream<Data> implements AsyncIterableIterator<StreamEvent<Data>, undefined> {
  readonly #needs: Needs<Data>;
  readonly #inbox = new Inbox<StreamEvent<Data>>();
  readonly #ended = new AbortController();
  #begun = false;
  /** Ended for the reader's sake, to begin anew when all was read. */
  #suspended = false;
  #gap = true;
  #stop = (): void => {};

  constructor(needs: Needs<Data>) {
    this.#needs = needs;
  }

  next(): Promise<IteratorResult<StreamEvent<Data>, undefined>> {
    if (!this.#begun) this.#begin();
    const taken = this.#inbox.take();
    this.#makeRoom();
    return taken;
  }

  return(): Promise<IteratorResult<StreamEvent<Data>, undefined>> {
    this.#inbox.dropAll();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #begin(): void {
    this.#begun = true;
    const { signal } = this.#needs;
    if (signal?.aborted) return this.#end({ error: signal.reason });
    const abort = (): void => {
      this.#inbox.dropAll();
      this.#end({ error: signal?.reason });
    };
    signal?.addEventListener('abort', abort, { once: true, signal: this.#ended.signal });
    this.#open();
  }

  #open(): void {
    if (this.#inbox.over) return;
    this.#gap = true;
    const { socket, payload } = this.#needs;
    try {
      this.#stop = socket.subscribe<Data>(payload(), {
        next: (answer) => this.#take(answer),
        complete: () => this.#end(),
        refused: (errors) => this.#end({ error: apiError(errors) }),
        lost: (error) => void this.#comeBack(error),
      });
    } catch (error) {
      this.#end({ error });
    }
  }

  async #comeBack(error: Error): Promise<void> {
    if (await this.#needs.socket.reconnection.retry(error, this.#ended.signal)) this.#open();
    else this.#end({ error });
  }

  #take({ data, errors }: RawAnswer<Data>): void {
    const { onErrors } = this.#needs;
    if (data === null) return this.#end({ error: apiError(errors) });
    if (errors.length > 0) {
      const failure = apiError(errors, data);
      if (!onErrors) return this.#end({ error: failure });
      onErrors(failure.errors);
    }
    this.#put({ data, gap: this.#gap });
    this.#gap = false;
  }

  #put(event: StreamEvent<Data>): void {
    const { backlog = {} } = this.#needs;
    if ('newestOf' in backlog) {
      const key = backlog.newestOf(event.data);
      if (!this.#inbox.replace(({ data }) => backlog.newestOf(data) === key, event)) this.#inbox.put(event);
      return;
    }
    const { limit = defaultLimit, overflow = 'fail' } = backlog;
    if (overflow === 'wait') {
      this.#inbox.put(event);
      if (this.#inbox.size >= limit) this.#hold();
    } else if (this.#inbox.size < limit) {
      this.#inbox.put(event);
    } else if (overflow === 'drop') {
      this.#inbox.dropOldest();
      this.#inbox.put(event);
    } else if (overflow === 'restart') {
      this.#inbox.dropAll();
      this.#suspend();
    } else {
      this.#end({ error: tooSlow() });
    }
  }

  #hold(): void {
    const { socket } = this.#needs;
    if (socket.pausable) socket.pause();
    else this.#suspend();
  }

  #suspend(): void {
    this.#suspended = true;
    this.#stop();
  }

  /** Before the reader waits: what was held back for its sake may come again. */
  #makeRoom(): void {
    const { socket, backlog = {} } = this.#needs;
    const limit = 'limit' in backlog ? (backlog.limit ?? defaultLimit) : defaultLimit;
    if (socket.paused && this.#inbox.size <= limit / 2) socket.resume();
    if (!this.#suspended || this.#inbox.size > 0) return;
    this.#suspended = false;
    this.#open();
  }

  #end(over: { readonly error?: unknown } = {}): void {
    this.#stop();
    this.#ended.abort();
    this.#inbox.end(over);
  }
}

function tooSlow(): ServerKitApiError {
  return new ServerKitApiError({
    message:
      'Events arrive faster than they are read. Read faster, subscribe to less, or choose another backlog.',
    extensions: { code: 'SLOW_CONSUMER' },
  });
}
