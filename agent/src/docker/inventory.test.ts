import { expect, test } from 'vitest';
import { Inventory } from './inventory.ts';
import type { EngineEvent } from './watcher.ts';

async function inventory(): Promise<Inventory> {
  const known = new Inventory({ get: () => Promise.resolve([]) });
  await known.reload();
  return known;
}
const event = (action: string, own: boolean): EngineEvent => ({
  type: 'container',
  action,
  id: 'box',
  container: null,
  name: 'box',
  details: [],
  own,
  at: 0,
});

test("what says it is an agent's counts once it is started, and is forgotten when it is gone", async () => {
  const known = await inventory();
  const counted = (action: string): unknown => {
    known.apply(event(action, true));
    return known.counts();
  };
  expect(counted('create')).toMatchObject({ containersTotal: 0 });
  expect(counted('start')).toMatchObject({ containersTotal: 1, containersRunning: 1 });
  expect(counted('die')).toMatchObject({ containersTotal: 1, containersRunning: 0 });
  expect(counted('destroy')).toMatchObject({ containersTotal: 0 });
});

test('any other counts from when it was made', async () => {
  const known = await inventory();
  known.apply(event('create', false));
  expect(known.counts()).toMatchObject({ containersTotal: 1, containersRunning: 0 });
});
