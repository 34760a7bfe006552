import { describe, expect, test } from 'vitest';
import { StackLocks } from './locks.ts';

describe('whoever changes a stack that is being changed is told', () => {
  test.each([
    ['that they asked for it themselves, in another tab or with a second click', 'usr_1', 'same person'],
    ['of somebody else', 'usr_2', 'as somebody else asked'],
    ['of a schedule', 'system', 'as ServerKit does by itself'],
    ['of a webhook', 'anonymous', 'as a webhook asked'],
    ['of an agent that puts back', null, 'the agent was ended in the middle'],
  ])('%s', async (_who, holder, words) => {
    const locks = new StackLocks();
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = locks.hold('shop', 'deployed', holder, () => promise);
    const second = locks.hold('shop', 'removed', 'usr_1', () => Promise.resolve('done'));
    await expect(second).rejects.toThrow(`shop is being deployed right now, `);
    await expect(second).rejects.toThrow(words);
    expect(await locks.hold('blog', 'removed', 'usr_1', () => Promise.resolve('done'))).toBe('done');
    resolve('up');
    expect(await first).toBe('up');
    expect(await locks.hold('shop', 'removed', 'usr_1', () => Promise.resolve('done'))).toBe('done');
  });
});
