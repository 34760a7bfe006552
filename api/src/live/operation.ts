import type { Analysis } from '../graphql/analysis.ts';

/** A stream that can be ended from outside. */
export interface Endable {
  /** With an error its reader is told. */
  fail(error: unknown): void;
  /** Without a word. */
  return(): unknown;
}

/** One operation of a viewer's socket, from its subscribe message to its end. */
export class Operation {
  readonly id: string;
  readonly #controller = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  /** Known once it was admitted. */
  analysis: Analysis | undefined;
  /** A subscription's stream, once there is one. */
  stream: Endable | undefined;
  release: () => void = () => {};

  constructor(id: string) {
    this.id = id;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when nothing of it runs any more, which may be some time after it was aborted. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** The client completed it, or its socket is gone. */
  abort(): void {
    this.#controller.abort();
  }

  /** Ends it with an error: a subscription at once, anything else before its side effect. */
  fail(error: unknown): void {
    this.stream?.fail(error);
    this.abort();
  }

  /** Its socket is being closed: nothing more may be read for it. */
  cut(): void {
    void this.stream?.return();
    this.abort();
  }

  settle(): void {
    this.abort();
    this.release();
    this.#settled.resolve();
  }
}
