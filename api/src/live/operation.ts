import type { Need, RightsChange } from '../graphql/access.ts';

/** A stream that can be ended from outside. */
export interface Endable {
  /** With an error its reader is told. */
  fail(error: unknown): void;
  /** Without a word. */
  return(): unknown;
}

/** What a subscription does when the rights it was opened with are looked at again. */
export interface Revisable {
  /** Nothing may be sent until one of the others is called. */
  suspend(): void;
  /** Nothing changed. */
  resume(): void;
  /** It goes on with the rights held now. */
  revise(change: RightsChange): void;
}

/** One operation of a viewer's socket, from its subscribe message to its end. */
export class Operation {
  readonly id: string;
  readonly #controller = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  #failure: unknown;
  /** Known once it was admitted. */
  needs: readonly Need[] = [];
  /** A subscription's stream, once there is one. */
  stream: Endable | undefined;
  /** How a subscription follows its owner's rights, from before its source is opened. */
  revisable: Revisable | undefined;
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

  /** Why it was ended before its time. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The client completed it, or its socket is gone. */
  abort(): void {
    this.#controller.abort();
  }

  /** Ends it with an error: a subscription at once, anything else before its side effect. */
  fail(error: unknown): void {
    this.#failure ??= error;
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
