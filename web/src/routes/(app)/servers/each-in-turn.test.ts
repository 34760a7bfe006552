import { expect, test } from 'vitest';
import { eachInTurn } from './each-in-turn.ts';

test('all are tried, and those that failed are named', async () => {
  const failures = await eachInTurn([1, 2, 3, 4, 5, 6], (item) =>
    item % 2 === 0 ? Promise.reject(new Error(`no ${item}`)) : Promise.resolve(),
  );
  expect(failures.map(({ item }) => item).toSorted((a, b) => a - b)).toEqual([2, 4, 6]);
});

test('only a few run at once', async () => {
  let running = 0;
  let most = 0;
  await eachInTurn(Array.from({ length: 20 }), async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
  });
  expect(most).toBe(4);
});
