import { expect, test } from 'vitest';
import { LogShares, whileRead } from './log-shares.ts';

const tooMany = expect.objectContaining({ code: 'TOO_MANY_OPERATIONS' });
const many = (serverId: string, count: number) => Array.from({ length: count }, () => serverId);

test('one reader leaves room at an agent for others', () => {
  const shares = new LogShares();
  shares.take('ann', many('web-1', 60));
  expect(() => shares.take('ann', many('web-1', 5))).toThrow(tooMany);
  shares.take('bob', many('web-1', 60));
  // What was refused took nothing.
  shares.take('ann', many('web-1', 4));
  shares.take('ann', many('web-2', 64));
  expect(() => shares.take('ann', ['web-3'])).toThrow(tooMany);
});

test.each(['ends', 'breaks', 'is left', 'is left without a word'])(
  'a log that %s counts no more',
  async (how) => {
    const shares = new LogShares();
    async function* log(): AsyncGenerator<string, undefined> {
      yield 'line';
      if (how === 'breaks') throw new Error('broken');
      if (how.startsWith('is left')) await new Promise(() => undefined);
      return undefined;
    }
    const source = log();
    const reader = new AbortController();
    const read = whileRead(source, shares.take('ann', many('web-1', 64)), reader.signal);
    expect(await read.next()).toEqual({ done: false, value: 'line' });
    expect(() => shares.take('ann', ['web-1'])).toThrow(tooMany);
    if (how === 'is left without a word') reader.abort();
    else if (how === 'is left') await read.return?.();
    else await read.next().catch(() => undefined);
    shares.take('ann', ['web-1']);
  },
);

test('a log whose reader is gone before it begins counts not at all', () => {
  const shares = new LogShares();
  const none: AsyncIterableIterator<string, undefined> = {
    next: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => none,
  };
  whileRead(none, shares.take('ann', many('web-1', 64)), AbortSignal.abort());
  expect(() => shares.take('ann', many('web-1', 64))).not.toThrow();
});
