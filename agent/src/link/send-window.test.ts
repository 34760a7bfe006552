import { describe, expect, it } from 'vitest';
import { createSendWindow } from './send-window.ts';

function open(windowBytes = 100) {
  const socket = { readyState: 1, OPEN: 1, bufferedAmount: 0 } as const;
  const state: { readyState: 0 | 1 | 2 | 3; OPEN: 1; bufferedAmount: number } = { ...socket };
  const line = createSendWindow(state, windowBytes);
  const order: string[] = [];
  const ask = (id: string, bytes: number): Promise<void> =>
    line.room(id, bytes).then(() => {
      order.push(id);
    });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { line, state, order, ask, turn };
}

describe('what a link may have under way', () => {
  it('is one window for all its streams', async () => {
    const { line, order, ask, turn } = open();
    void ask('a', 60);
    void ask('b', 40);
    void ask('c', 1);
    await turn();
    expect(order).toEqual(['a', 'b']);
    line.sent('a', 70);
    line.received(10);
    await turn();
    expect(order).toEqual(['a', 'b']);
    line.received(1);
    await turn();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('counts every result, but only bulk waits for it', async () => {
    const { line, order, ask, turn } = open();
    line.sent('metrics', 80);
    line.sent('metrics', 80);
    void ask('log', 10);
    await turn();
    expect(order).toEqual([]);
    line.received(160);
    await turn();
    expect(order).toEqual(['log']);
  });

  it('lets a piece larger than the window through when nothing else is under way', async () => {
    const { line, order, ask, turn } = open();
    line.sent('a', 1);
    void ask('b', 500);
    await turn();
    expect(order).toEqual([]);
    line.received(1);
    await turn();
    expect(order).toEqual(['b']);
  });

  it('is free again of a stream that ended with a promise in hand, or waiting for one', async () => {
    const { line, order, ask, turn } = open();
    void ask('gone', 100);
    void ask('waiting', 100);
    void ask('alive', 100);
    await turn();
    line.forget('waiting');
    await turn();
    expect(order).toEqual(['gone', 'waiting']);
    line.forget('gone');
    await turn();
    expect(order).toEqual(['gone', 'waiting', 'alive']);
  });

  it('cannot be made larger than it is by receipts for what was never sent', async () => {
    const { line, order, ask, turn } = open();
    line.received(1_000_000);
    line.sent('a', 100);
    void ask('b', 1);
    await turn();
    expect(order).toEqual([]);
  });

  it('waits while the socket itself is full', async () => {
    const { line, state, order, ask, turn } = open();
    state.bufferedAmount = 64 * 1024;
    void ask('a', 1);
    await turn();
    expect(order).toEqual([]);
    state.bufferedAmount = 0;
    line.look();
    await turn();
    expect(order).toEqual(['a']);
  });

  it('holds nobody up once the link is gone', async () => {
    const { line, state, order, ask, turn } = open();
    line.sent('a', 1_000);
    void ask('b', 1);
    void ask('c', 1);
    state.readyState = 3;
    line.look();
    await turn();
    expect(order).toEqual(['b', 'c']);
  });
});
