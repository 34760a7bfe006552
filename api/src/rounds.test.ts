import { expect, test } from 'vitest';
import { Rounds } from './rounds.ts';

/** Rounds that are let end one by one. */
function held() {
  const gates: (() => void)[] = [];
  const rounds = new Rounds(() => new Promise((resolve) => gates.push(resolve)));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { rounds, gates, turn };
}

test('rounds asked for while one is at work become one', async () => {
  const { rounds, gates, turn } = held();
  for (let count = 0; count < 5; count += 1) rounds.begin();
  await turn();
  expect(gates).toHaveLength(1);
  gates[0]?.();
  await turn();
  expect(gates).toHaveLength(2);
  gates[1]?.();
  await turn();
  expect(gates).toHaveLength(2);
  rounds.begin();
  expect(gates).toHaveLength(3);
});

test('the end waits for the one at work, and none begins after it', async () => {
  const { rounds, gates, turn } = held();
  rounds.begin();
  rounds.begin();
  let over = false;
  const end = rounds.end().then(() => (over = true));
  await turn();
  expect(over).toBe(false);
  gates[0]?.();
  await end;
  rounds.begin();
  await turn();
  expect(gates).toHaveLength(1);
});
