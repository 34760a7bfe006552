/**
 * A generator as an iterator that lets its reader go at once: `stop` ends what the generator waits for, which it would
 * otherwise see through before it looks at `return`.
 */
export function iterate<Item>(
  generator: AsyncGenerator<Item, undefined>,
  stop: () => void,
): AsyncIterableIterator<Item, undefined> {
  return {
    next: () => generator.next(),
    return() {
      stop();
      return generator.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
