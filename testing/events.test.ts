import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { eventually, nextEvent, nextItem, within, WaitTimeout } from './events.ts';

describe('waiting', () => {
  test('for an event takes the first that is accepted, and leaves no listener', async () => {
    const emitter = new EventEmitter();
    const event = nextEvent(emitter, 'n', (n) => n === 2);
    for (const n of [1, 2, 3]) emitter.emit('n', n);
    expect(await event).toEqual([2]);
    expect(emitter.listenerCount('n')).toBe(0);
  });

  test('for an item leaves the iterator open for the next wait', async () => {
    const items = Readable.from([1, 2, 3, 4])[Symbol.asyncIterator]();
    expect(await nextItem(items, (n) => n % 2 === 0)).toBe(2);
    expect(await nextItem(items, (n) => n % 2 === 0)).toBe(4);
    await expect(nextItem(items, () => true, 'a fifth')).rejects.toThrow('the stream ended before a fifth');
  });

  test('names what never came', async () => {
    const never = new Promise(() => undefined);
    await expect(within(never, 'the end of the world', 5)).rejects.toThrow(
      /5 ms in vain for the end of the world/,
    );
  });

  test('for a condition elsewhere answers what was found', async () => {
    let asked = 0;
    expect(await eventually(() => ++asked > 2 && `after ${asked}`, 'three questions', { every: 1 })).toBe(
      'after 3',
    );
  });

  test('for a condition elsewhere keeps the last error as the cause', async () => {
    const cause = new Error('connection refused');
    const wait = eventually(() => Promise.reject(cause), 'an answer', { limit: 5, every: 1 });
    await expect(wait).rejects.toBeInstanceOf(WaitTimeout);
    await expect(wait).rejects.toHaveProperty('cause', cause);
  });
});
