import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

/** Work that is let end by name. */
function held(limits: { atOnce: number; perGroup: number }) {
  const turns = new Turns(limits);
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const take = (key: string, group = key) =>
    turns.take(key, group, () => {
      begun.push(key);
      return new Promise((resolve) => gates.set(key, resolve));
    });
  const end = async (key: string): Promise<void> => {
    gates.get(key)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, begun, take, end };
}

test('so many are at work at once, and the next one begins when any of them ends', async () => {
  const { begun, take, end } = held({ atOnce: 2, perGroup: 2 });
  for (const key of ['a', 'b', 'c', 'd']) void take(key);
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('a group that takes long does not hold up the others', async () => {
  const { begun, take, end } = held({ atOnce: 3, perGroup: 1 });
  void take('slow', 'x');
  void take('slower', 'x');
  const other = take('other', 'y');
  expect(begun).toEqual(['slow', 'other']);
  await end('other');
  await other;
  await end('slow');
  expect(begun).toEqual(['slow', 'other', 'slower']);
});

test('nothing is done twice at once', async () => {
  const { begun, take, end } = held({ atOnce: 1, perGroup: 1 });
  const first = take('a');
  const second = take('a');
  void take('b');
  void take('b');
  await end('a');
  await Promise.all([first, second]);
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  void take('a');
  expect(begun).toEqual(['a', 'b', 'a']);
});

test('the end waits for those at work, and lets go of who waits', async () => {
  const { turns, begun, take, end } = held({ atOnce: 1, perGroup: 1 });
  void take('a');
  const waiting = take('b');
  let over = false;
  const ended = turns.end().then(() => (over = true));
  await waiting;
  expect(over).toBe(false);
  await end('a');
  await ended;
  await take('c');
  expect(begun).toEqual(['a']);
});
