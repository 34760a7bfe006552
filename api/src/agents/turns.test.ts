import { describe, expect, it } from 'vitest';
import { createTurns } from './turns.ts';

describe('turns', () => {
  it('come one after the other for one key, and do not wait for other keys', async () => {
    const turns = createTurns();
    const log: string[] = [];
    const first = Promise.withResolvers<void>();
    const a1 = turns.take('a', async () => {
      log.push('a1 begins');
      await first.promise;
      log.push('a1 ends');
    });
    const a2 = turns.take('a', () => Promise.resolve(log.push('a2')));
    await turns.take('b', () => Promise.resolve(log.push('b')));
    first.resolve();
    await Promise.all([a1, a2]);
    expect(log).toEqual(['a1 begins', 'b', 'a1 ends', 'a2']);
  });

  it('go on after one that failed, which fails for its own caller only', async () => {
    const turns = createTurns();
    const failing = turns.take('a', () => Promise.reject(new Error('mine')));
    const next = turns.take('a', () => Promise.resolve('fine'));
    await expect(failing).rejects.toThrow('mine');
    await expect(next).resolves.toBe('fine');
  });
});
