import { describe, expect, test, vi } from 'vitest';
import { Source } from './source.ts';
import { collect } from './testing.ts';

const all = { keep: 'all', limit: 100 } as const;

describe('a source', () => {
  test('hands out what was pushed, before and after it is asked for', async () => {
    const source = new Source<number>(all);
    source.push(1);
    const [first, second] = [source.next(), source.next()];
    source.push(2);
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await second).toEqual({ done: false, value: 2 });
  });

  test('returns at once although somebody waits, and says so', async () => {
    const onEnd = vi.fn<() => void>();
    const source = new Source<number>(all, onEnd);
    const waiting = source.next();
    expect(await source.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    source.push(1);
    expect(await source.next()).toEqual({ done: true, value: undefined });
    expect(onEnd).toHaveBeenCalledOnce();
  });

  test('lets its reader finish what is pending when it ends, and meet its failure after that', async () => {
    const source = new Source<number>(all);
    source.push(1);
    source.fail(new Error('broken'));
    expect(await source.next()).toEqual({ done: false, value: 1 });
    await expect(source.next()).rejects.toThrow('broken');
    expect(await source.next()).toEqual({ done: true, value: undefined });
  });

  test('ends with its signal, at once if that is aborted already, and leaves no listener behind', async () => {
    const controller = new AbortController();
    const source = new Source<number>(all, undefined, controller.signal);
    const waiting = source.next();
    controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(new Source<number>(all, undefined, controller.signal).ended).toBe(true);

    const other = new AbortController();
    const removed = vi.spyOn(other.signal, 'removeEventListener');
    await new Source<number>(all, undefined, other.signal).return();
    expect(removed).toHaveBeenCalledOnce();
  });

  test('keeps a failure when the signal aborts right after it', async () => {
    const controller = new AbortController();
    const source = new Source<number>(all, undefined, controller.signal);
    source.fail(new Error('broken'));
    controller.abort();
    await expect(source.next()).rejects.toThrow('broken');
  });

  test('that keeps the latest holds one value for each key, in the order of what last happened', async () => {
    const source = new Source<{ id: string; n: number }>({ keep: 'latest', key: ({ id }) => id });
    for (let n = 0; n < 1_000; n++) source.push({ id: n % 2 ? 'odd' : 'even', n });
    source.end();
    expect(await collect(source)).toEqual([
      { id: 'even', n: 998 },
      { id: 'odd', n: 999 },
    ]);
  });

  test('that keeps the newest drops the oldest and counts them', async () => {
    const source = new Source<number>({ keep: 'newest', limit: 2 });
    for (let n = 0; n < 10; n++) source.push(n);
    source.end();
    expect(await collect(source)).toEqual([8, 9]);
    expect(source.dropped).toBe(8);
  });

  test('that must have no gaps fails rather than have one', async () => {
    const source = new Source<number>({ keep: 'all', limit: 2 });
    for (let n = 0; n < 3; n++) source.push(n);
    expect(source.ended).toBe(true);
    await expect(source.next()).rejects.toMatchObject({ code: 'SLOW_CONSUMER' });
  });

  test('ends with the loop or block that reads it', async () => {
    const onEnd = vi.fn<() => void>();
    {
      await using source = new Source<number>(all, onEnd);
      source.push(1);
      for await (const value of source) {
        expect(value).toBe(1);
        break;
      }
    }
    expect(onEnd).toHaveBeenCalledOnce();
  });
});
