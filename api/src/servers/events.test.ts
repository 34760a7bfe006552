import { expect, test } from 'vitest';
import { Topics } from '../live/topics.ts';
import { serverChanges } from './events.ts';

test('a reader that is busy hears of every kind of change, each once, in the order of the newest', async () => {
  const topics = new Topics();
  const changes = topics.subscribe(serverChanges);
  for (const kind of ['UPDATED', 'STATUS', 'DELETED', 'STATUS'] as const)
    topics.publish(serverChanges, { serverId: 'srv_1', kind });
  const heard = [await changes.next(), await changes.next(), await changes.next()];
  expect(heard.map(({ value }) => value?.kind)).toEqual(['UPDATED', 'DELETED', 'STATUS']);
  await changes.return();
});
