import { expect, test, vi } from 'vitest';
import { collect } from './testing.ts';
import { allChannels, Topic, Topics, type Feed } from './topics.ts';

interface Sample {
  readonly server: string;
  readonly n: number;
}

const samples = new Topic<Sample>({ buffering: { keep: 'all', limit: 10 }, channel: ({ server }) => server });

test('an event reaches those who listen to its channel or to all, once each', async () => {
  const topics = new Topics();
  const one = topics.subscribe(samples, { channels: ['a'] });
  const both = topics.subscribe(samples, { channels: ['a', 'b', 'a'] });
  const every = topics.subscribe(samples);
  topics.publish(samples, { server: 'a', n: 1 });
  topics.publish(samples, { server: 'c', n: 2 });
  for (const source of [one, both, every]) source.end();
  expect(await collect(one)).toEqual([{ server: 'a', n: 1 }]);
  expect(await collect(both)).toEqual([{ server: 'a', n: 1 }]);
  expect((await collect(every)).map(({ n }) => n)).toEqual([1, 2]);
});

test('two apps in one process do not hear each other', async () => {
  const [mine, theirs] = [new Topics(), new Topics()];
  const source = mine.subscribe(samples);
  theirs.publish(samples, { server: 'a', n: 1 });
  source.end();
  expect(await collect(source)).toEqual([]);
});

test('a channel is fed while somebody listens to it, and only then', async () => {
  const topics = new Topics();
  const stop = vi.fn<() => void>();
  const feed = vi.fn<Feed>(() => stop);
  const early = topics.subscribe(samples, { channels: ['a'] });
  const end = topics.onDemand(samples, feed);
  expect(feed.mock.calls).toEqual([['a']]);
  const late = topics.subscribe(samples, { channels: ['a', 'b'] });
  expect(feed.mock.calls).toEqual([['a'], ['b']]);
  await early.return();
  expect(stop).not.toHaveBeenCalled();
  await late.return();
  expect(stop).toHaveBeenCalledTimes(2);
  const again = topics.subscribe(samples);
  expect(feed).toHaveBeenLastCalledWith(allChannels);
  end();
  expect(stop).toHaveBeenCalledTimes(3);
  await again.return();
  expect(stop).toHaveBeenCalledTimes(3);
});

test('whether a channel is watched counts those who listen to all', async () => {
  const topics = new Topics();
  expect(topics.watched(samples, 'a')).toBe(false);
  const every = topics.subscribe(samples);
  expect(topics.watched(samples, 'a')).toBe(true);
  await every.return();
  expect(topics.watched(samples, 'a')).toBe(false);
});

test('a subscription that begins aborted never enters', () => {
  const topics = new Topics();
  topics.subscribe(samples, { signal: AbortSignal.abort() });
  expect(topics.watched(samples, 'a')).toBe(false);
});
