import { describe, expect, it } from 'vitest';
import { createCreditWindow } from './credits.ts';

const atOnce = (): Promise<void> => Promise.resolve();

/** Whether a promise has settled once everything that can happen now has happened. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  promise.then(mark, mark);
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('the credit of a stream', () => {
  it('lasts for its window, and then as far as it is granted', async () => {
    const window = createCreditWindow(100, new AbortController().signal, atOnce);
    await window.take(60);
    await window.take(40);
    expect(window.available()).toBe(0);
    const third = window.take(30);
    expect(await settled(third)).toBe(false);
    window.grant(29);
    expect(await settled(third)).toBe(false);
    window.grant(1);
    await third;
  });

  it('never grows beyond the window, whatever is granted', async () => {
    const window = createCreditWindow(100, new AbortController().signal, atOnce);
    window.grant(1_000_000);
    await window.take(100);
    expect(await settled(window.take(1))).toBe(false);
  });

  it('lets a piece larger than the window through when all of it is free, and owes it', async () => {
    const window = createCreditWindow(100, new AbortController().signal, atOnce);
    await window.take(250);
    expect(window.available()).toBe(0);
    const next = window.take(1);
    window.grant(100);
    expect(await settled(next)).toBe(false);
    window.grant(51);
    await next;
  });

  it('without a window lets nothing through, however small and whatever is granted', async () => {
    const window = createCreditWindow(0, new AbortController().signal, atOnce);
    const taken = window.take(1);
    window.grant(1_000);
    expect(await settled(taken)).toBe(false);
  });

  it('is given in the order it was asked for', async () => {
    const window = createCreditWindow(10, new AbortController().signal, atOnce);
    await window.take(10);
    const order: string[] = [];
    const first = window.take(8).then(() => order.push('first'));
    const second = window.take(2).then(() => order.push('second'));
    window.grant(2);
    expect(await settled(second)).toBe(false);
    window.grant(8);
    await first;
    window.grant(2);
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('ends with the operation, for those who wait and for those who come', async () => {
    const ending = new AbortController();
    const window = createCreditWindow(1, ending.signal, atOnce);
    await window.take(1);
    const waiting = window.take(1);
    ending.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(window.take(0)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('waits for room on the line as well', async () => {
    const room = Promise.withResolvers<void>();
    const asked: number[] = [];
    const window = createCreditWindow(100, new AbortController().signal, (bytes) => {
      asked.push(bytes);
      return room.promise;
    });
    const taken = window.take(40);
    expect(await settled(taken)).toBe(false);
    expect(asked).toEqual([40]);
    room.resolve();
    await taken;
  });
});
