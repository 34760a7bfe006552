import { expect, test } from 'vitest';
import { nextItem } from '../../../testing/events.ts';
import { EventFeed } from './event-feed.ts';
import type { EngineEvent } from './watcher.ts';

const event = (name: string, type = 'container'): EngineEvent => ({
  type,
  action: 'start',
  id: name,
  container: null,
  name,
  details: [],
  own: false,
  at: 1,
});
const all = new Set(['container', 'volume']);
const names = ({ events }: { events: readonly EngineEvent[] }): string[] => events.map(({ name }) => name);

test('who comes later is told of what happened lately, each event by a key of its own', async () => {
  const feed = new EventFeed();
  for (let n = 0; n < 300; n += 1) feed.tell(event(`e${n}`));
  const ending = new AbortController();
  const batch = await nextItem(feed.subscribe(all, ending.signal));
  ending.abort();
  expect(names(batch)).toHaveLength(200);
  expect(names(batch)[0]).toBe('e100');
  expect(new Set(batch.events.map(({ key }) => key)).size).toBe(200);
});

test('only what was asked for is told', async () => {
  const feed = new EventFeed();
  const ending = new AbortController();
  const source = feed.subscribe(new Set(['volume']), ending.signal);
  feed.tell(event('web'));
  feed.tell(event('data', 'volume'));
  expect(names(await nextItem(source))).toEqual(['data']);
  ending.abort();
});

test('one who takes nothing costs a bounded number of events, and is told how many were lost', async () => {
  const feed = new EventFeed();
  const ending = new AbortController();
  const slow = feed.subscribe(all, ending.signal);
  await Promise.resolve();
  for (let n = 0; n < 5_000; n += 1) feed.tell(event(`e${n}`));
  let [told, missed] = [0, 0];
  while (missed === 0) {
    feed.tell(event('later'));
    const batch = await nextItem(slow);
    told += batch.events.length;
    missed += batch.missed;
  }
  ending.abort();
  expect(missed).toBeGreaterThan(3_900);
  expect(told).toBeLessThan(1_500);
});
