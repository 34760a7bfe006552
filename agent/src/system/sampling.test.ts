import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLog } from '../log.ts';
import { measurement } from './fixtures.ts';
import type { Meter } from './meter.ts';
import type { Ring } from './ring.ts';
import type { SampleCursor, StoredSample } from './sample.ts';
import { startSampling, type Sampling } from './sampling.ts';

const { signal } = new AbortController();

function memoryRing(): Ring {
  const samples: StoredSample[] = [];
  return {
    epoch: 'aaaaaaaaaaaaaaaa',
    get size() {
      return samples.length;
    },
    append(taken) {
      const sample = { epoch: this.epoch, seq: samples.length, ...taken };
      samples.push(sample);
      return sample;
    },
    after: (cursor: SampleCursor | null, limit) =>
      samples.filter(({ seq }) => cursor === null || seq > cursor.seq).slice(0, limit),
    close: () => undefined,
  };
}

/** Counts the meters that live, and how often they measured. */
class Meters {
  made = 0;
  measured = 0;
  readonly create = (): Promise<Meter> => {
    this.made++;
    return Promise.resolve({
      measure: () => {
        this.measured++;
        return Promise.resolve(measurement({ at: Date.now() }));
      },
    });
  };
}

let sampling: Sampling;
let meters: Meters;
let ring: Ring;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_003_000 });
  meters = new Meters();
  ring = memoryRing();
  sampling = startSampling({ ring, log: silentLog, intervalMs: 10_000, createMeter: meters.create });
});

afterEach(() => {
  sampling.stop();
  vi.useRealTimers();
});

test('stored samples fall on multiples of the interval', async () => {
  await vi.advanceTimersByTimeAsync(30_000);
  expect(ring.after(null, 10).map(({ at }) => at % 10_000)).toEqual([0, 0, 0]);
});

test('a subscriber gets what is kept, then each new sample', async () => {
  await vi.advanceTimersByTimeAsync(27_000);
  const stream = sampling.stored(null, signal);
  expect((await stream.next()).value).toHaveLength(3);
  const next = stream.next();
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await next).value).toMatchObject([{ seq: 3 }]);
  await stream.return();
});

test('a long absence comes in batches', async () => {
  for (let n = 0; n < 250; n++) ring.append(measurement());
  const stream = sampling.stored({ epoch: ring.epoch, seq: 9 }, signal);
  const sizes: number[] = [];
  for (const _ of [1, 2]) sizes.push((await stream.next()).value?.length ?? 0);
  expect(sizes).toEqual([120, 120]);
  await stream.return();
});

test('nobody watching means one meter, many watching means two', async () => {
  await vi.advanceTimersByTimeAsync(10_000);
  expect(meters.made).toBe(1);
  const streams = [1, 2, 3].map(() => sampling.live(1000, signal));
  await vi.advanceTimersByTimeAsync(5000);
  expect(meters.made).toBe(2);
  expect((await streams[0]?.next())?.value).toMatchObject({ cpuPercent: 12.34 });
  for (const stream of streams) await stream.return();
});

test('measuring every second stops with the last who watched', async () => {
  const first = sampling.live(1000, signal);
  const second = sampling.live(1000, signal);
  await vi.advanceTimersByTimeAsync(1000);
  await first.return();
  await vi.advanceTimersByTimeAsync(2000);
  expect(meters.measured).toBeGreaterThanOrEqual(3);
  await second.return();
  meters.measured = 0;
  await vi.advanceTimersByTimeAsync(6000);
  expect(meters.measured).toBeLessThanOrEqual(1);
});

test('who is slow misses samples and gets the latest', async () => {
  const stream = sampling.live(1000, signal);
  await vi.advanceTimersByTimeAsync(60_000);
  const values = [];
  for (const _ of [1, 2, 3, 4]) values.push((await stream.next()).value?.at ?? 0);
  await vi.advanceTimersByTimeAsync(0);
  const latest = (await stream.next()).value?.at ?? 0;
  expect(Date.now() - latest).toBeLessThan(2000);
  await stream.return();
});

test('a measurement that fails costs itself alone', async () => {
  sampling.stop();
  let broken = true;
  sampling = startSampling({
    ring,
    log: silentLog,
    intervalMs: 10_000,
    createMeter: () =>
      Promise.resolve({
        measure: () => (broken ? Promise.reject(new Error('no /proc')) : Promise.resolve(measurement())),
      }),
  });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(ring.size).toBe(0);
  broken = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ring.size).toBe(1);
});

test('a host that needs longer than the interval is never measured twice at once', async () => {
  sampling.stop();
  let atOnce = 0;
  let most = 0;
  sampling = startSampling({
    ring,
    log: silentLog,
    intervalMs: 10_000,
    createMeter: () =>
      Promise.resolve({
        async measure() {
          most = Math.max(most, ++atOnce);
          await new Promise((resolve) => setTimeout(resolve, 25_000));
          atOnce--;
          return measurement();
        },
      }),
  });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(most).toBe(1);
});

test('switched off, it measures nothing', async () => {
  sampling.stop();
  meters = new Meters();
  sampling = startSampling({
    ring,
    log: silentLog,
    intervalMs: 10_000,
    createMeter: meters.create,
    enabled: false,
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(meters.made).toBe(0);
});
