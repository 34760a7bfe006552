import { describe, expect, test } from 'vitest';
import { roomEach, TimeMerge, type MergePace, type Mergeable } from './merge.ts';

const pace: MergePace = { quietMs: 250, firstMs: 1_000, holdMs: 5_000 };
/** A line of a source, written at so many milliseconds. */
const line = (source: number, ms: number, text = `${source}:${ms}`): Mergeable => ({
  source,
  moment: { ms, nanos: 0 },
  text,
});
const told = (merge: TimeMerge<Mergeable>, now: number): string[] =>
  merge.take(now, 1_000_000).map(({ text }) => text);

describe('logs that are not followed', () => {
  test('are in the order of time, however late one of them comes', () => {
    const merge = new TimeMerge(3, null, 0);
    merge.push(0, [line(0, 1), line(0, 4), line(0, 5)], 0);
    merge.push(1, [line(1, 2), line(1, 3)], 0);
    expect(told(merge, 1_000_000)).toEqual([]);
    expect(merge.dueAt(1_000_000)).toBeNull();
    merge.push(2, [line(2, 0)], 2_000_000);
    expect(told(merge, 2_000_000)).toEqual(['2:0']);
    merge.close(2);
    expect(told(merge, 2_000_000)).toEqual(['0:1', '1:2', '1:3']);
    merge.close(1);
    expect(told(merge, 2_000_000)).toEqual(['0:4', '0:5']);
    expect(merge.empty).toBe(true);
  });

  test('keep the order of each, also of lines whose clock was set back', () => {
    const merge = new TimeMerge(2, null, 0);
    merge.push(0, [line(0, 5), line(0, 1)], 0);
    merge.push(1, [line(1, 3)], 0);
    merge.close(0);
    merge.close(1);
    expect(told(merge, 0)).toEqual(['1:3', '0:5', '0:1']);
  });

  test('tell nanoseconds apart', () => {
    const merge = new TimeMerge(2, null, 0);
    merge.push(0, [{ source: 0, moment: { ms: 1, nanos: 2 }, text: 'later' }], 0);
    merge.push(1, [{ source: 1, moment: { ms: 1, nanos: 1 }, text: 'earlier' }], 0);
    merge.close(0);
    merge.close(1);
    expect(told(merge, 0)).toEqual(['earlier', 'later']);
  });
});

describe('logs that are followed', () => {
  test('wait for one that has not begun, but not for long', () => {
    const merge = new TimeMerge(2, pace, 10_000);
    merge.push(0, [line(0, 9_000)], 10_100);
    expect(told(merge, 10_100)).toEqual([]);
    expect(merge.dueAt(10_100)).toBe(11_000);
    expect(told(merge, 11_000)).toEqual(['0:9000']);
  });

  test('wait a moment for one that spoke last, and not for one that is silent', () => {
    const merge = new TimeMerge(2, pace, 0);
    merge.push(0, [line(0, 1)], 10);
    merge.push(1, [line(1, 2)], 10);
    expect(told(merge, 10)).toEqual(['0:1']);
    expect(merge.dueAt(10)).toBe(260);
    expect(told(merge, 260)).toEqual(['1:2']);
    merge.push(1, [line(1, 5_000)], 5_000);
    expect(told(merge, 5_000)).toEqual(['1:5000']);
  });

  test('never hold a line for longer than five seconds, whatever another one says', () => {
    const merge = new TimeMerge(2, pace, 0);
    merge.push(0, [line(0, 9_000)], 9_000);
    // A clock that is an hour behind, in a container that never pauses.
    const out: string[] = [];
    for (let now = 9_000; now <= 14_000; now += 100) {
      merge.push(1, [line(1, now - 3_600_000)], now);
      out.push(...told(merge, now));
    }
    expect(out).toContain('0:9000');
  });

  test('are not held back by a clock that runs ahead', () => {
    const merge = new TimeMerge(2, pace, 0);
    merge.push(0, [line(0, 3_600_000)], 1_000);
    merge.push(1, [line(1, 1_100)], 1_100);
    expect(told(merge, 1_100)).toEqual(['0:3600000']);
  });

  test('do not wait for one that ended, until it goes on', () => {
    const merge = new TimeMerge(2, pace, 0);
    merge.close(1);
    merge.push(0, [line(0, 1)], 1);
    expect(told(merge, 1)).toEqual(['0:1']);
    merge.open(1, 10);
    merge.push(0, [line(0, 11)], 11);
    expect(told(merge, 11)).toEqual([]);
  });
});

test('a source that says much is read no further until some of it went out', () => {
  const merge = new TimeMerge(2, null, 0);
  const big = 'x'.repeat(64 * 1024);
  let pushed = 0;
  while (merge.hasRoom(0)) merge.push(0, [line(0, pushed++, big)], 0);
  expect(pushed * big.length).toBeLessThanOrEqual(roomEach + big.length);
  expect(merge.hasRoom(1)).toBe(true);
  merge.close(1);
  expect(merge.take(0, 64 * 1024)).toHaveLength(1);
  expect(merge.hasRoom(0)).toBe(true);
});
