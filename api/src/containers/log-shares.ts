import { Shares } from '../shares.ts';

/** An agent has room for some more than of one person or program, and so has each of us. */
const onOneServer = 64;
const together = 128;

const refusal = 'You follow as many logs as may be followed at once. Close some first.';

/** Logs under way, by whoever reads them: each is an operation of an agent, and room here. */
export class LogShares {
  readonly #onServer = new Shares({ each: onOneServer, refusal });
  readonly #together = new Shares({ each: together, refusal });

  /**
   * @param holder - see `holderOf`
   * @param serverIds - of each of the logs
   * @returns gives them back
   * @throws ServerKitError TOO_MANY_OPERATIONS
   */
  take(holder: string, serverIds: readonly string[]): Disposable {
    using taken = new DisposableStack();
    taken.use(this.#together.take(holder, serverIds.length));
    for (const serverId of serverIds) taken.use(this.#onServer.take(`${holder} ${serverId}`));
    return taken.move();
  }
}

/** What counts for as long as it is read. @param signal - of its reader, who may leave without asking for more */
export function whileRead<Item>(
  items: AsyncIterableIterator<Item, undefined>,
  taken: Disposable,
  signal: AbortSignal,
): AsyncIterableIterator<Item, undefined> {
  const over = (): void => {
    signal.removeEventListener('abort', over);
    taken[Symbol.dispose]();
  };
  signal.addEventListener('abort', over, { once: true });
  if (signal.aborted) over();
  return {
    async next() {
      try {
        const step = await items.next();
        if (step.done) over();
        return step;
      } catch (error) {
        over();
        throw error;
      }
    },
    async return() {
      over();
      await items.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
