import { Worker } from 'node:worker_threads';
import { ServerKitError } from '../errors.ts';
import type { Expression } from './expression.ts';
import type { ThreadAnswer, ThreadRequest } from './expression-thread.ts';

/** Lines go to the thread in parts, so that everybody's turn comes soon. Characters. */
const partLength = 32 * 1024;
/** A thread that nobody needs any more gives its memory back. Milliseconds. */
const idleMs = 60_000;
/** Megabytes. */
const maxHeap = 256;

interface Waiting extends ThreadRequest {
  /** Nobody wants the answer any more. */
  readonly signal: AbortSignal | undefined;
  readonly answer: PromiseWithResolvers<readonly boolean[]>;
}

export interface ExpressionReader {
  /** Whose turn it is: nobody takes another's. */
  readonly holder: string;
  readonly signal?: AbortSignal;
}

/**
 * Looks for expressions that people wrote, in a thread of its own: even the engine that never hangs takes a tenth of a second
 * for a long line and a bad expression, which is nothing for whoever asked, and would be much for everybody else. One thread
 * is enough for all of them, who take turns.
 */
export class Expressions implements AsyncDisposable {
  /** By holder; who is first is served next, and then last. */
  readonly #waiting = new Map<string, Waiting[]>();
  #worker: Worker | undefined;
  #current: Waiting | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** @throws ServerKitError INPUT_INVALID for what is no expression, or too large a one */
  async check(expression: Expression, reader: ExpressionReader): Promise<void> {
    await this.#ask(expression, [], reader);
  }

  /** Which of the lines have it; none of them once the reader left. @throws ServerKitError INPUT_INVALID */
  async find(
    expression: Expression,
    lines: readonly string[],
    reader: ExpressionReader,
  ): Promise<readonly boolean[]> {
    const found: boolean[] = [];
    while (found.length < lines.length && reader.signal?.aborted !== true) {
      const part = partOf(lines, found.length);
      found.push(...(await this.#ask(expression, part, reader)));
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(
    expression: Expression,
    lines: readonly string[],
    { holder, signal }: ExpressionReader,
  ): Promise<readonly boolean[]> {
    const waiting = { expression, lines, signal, answer: Promise.withResolvers<readonly boolean[]>() };
    const theirs = this.#waiting.get(holder);
    if (theirs) theirs.push(waiting);
    else this.#waiting.set(holder, [waiting]);
    this.#next();
    return waiting.answer.promise;
  }

  #next(): void {
    if (this.#current) return;
    clearTimeout(this.#idle);
    const next = this.#take();
    if (!next) {
      this.#idle = setTimeout(() => void this[Symbol.asyncDispose](), idleMs).unref();
      return;
    }
    this.#current = next;
    const { expression, lines } = next;
    this.#worker ??= this.#begin();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage({ expression, lines } satisfies ThreadRequest);
  }

  #take(): Waiting | undefined {
    for (;;) {
      const [first] = this.#waiting;
      if (!first) return undefined;
      const [holder, theirs] = first;
      const next = theirs.shift();
      this.#waiting.delete(holder);
      if (theirs.length > 0) this.#waiting.set(holder, theirs);
      if (next?.signal?.aborted !== true) return next;
      next.answer.resolve([]);
    }
  }

  #begin(): Worker {
    const worker = new Worker(new URL('expression-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: maxHeap },
    });
    worker.unref();
    worker.on('message', (answer: ThreadAnswer) => {
      this.#settle((current) => {
        if ('found' in answer) current.answer.resolve(answer.found);
        else current.answer.reject(cannotBeUsed(answer.refusal));
      });
    });
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#settle(({ answer }) => answer.reject(cannotBeUsed('it takes too much memory')));
    });
    return worker;
  }

  #settle(how: (current: Waiting) => void): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    how(current);
    this.#next();
  }
}

function partOf(lines: readonly string[], from: number): readonly string[] {
  let end = from;
  for (let length = 0; end < lines.length && length < partLength; end += 1) length += lines[end]?.length ?? 0;
  return lines.slice(from, end);
}

function cannotBeUsed(why: string): ServerKitError {
  return new ServerKitError('INPUT_INVALID', `The expression cannot be used: ${why}.`);
}
