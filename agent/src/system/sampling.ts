import { Notifier } from '../notifier.ts';
import { source, type Source } from '../source.ts';
import { describe } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Meter } from './meter.ts';
import type { Ring } from './ring.ts';
import type { Measurement, SampleCursor, StoredSample } from './sample.ts';
import { everyAligned } from './ticker.ts';

/** As many samples as go into one message: some 300 KB at most on a large host. */
const BATCH = 120;

/** Measures the host at a steady pace for good, and faster while somebody watches. */
export interface Sampling {
  /** Everything in the ring after the cursor (all of it if the cursor is unknown), then each new sample. */
  stored(after: SampleCursor | null, signal: AbortSignal): Source<readonly StoredSample[]>;
  /** Measurements that are not kept. Those who ask for the same interval share one meter. */
  live(intervalMs: number, signal: AbortSignal): Source<Measurement>;
  /** The last measurement that was stored in this run. */
  latest(): Measurement | undefined;
  stop(): void;
}

export interface SamplingOptions {
  readonly ring: Ring;
  readonly log: Log;
  /** Between stored samples, which are taken when the wall clock is a multiple of it. Ms. */
  readonly intervalMs: number;
  readonly createMeter: () => Promise<Meter>;
  /** False measures nothing. @default true */
  readonly enabled?: boolean;
  /** Called with each stored measurement. */
  readonly onStored?: () => void;
}

interface LiveGroup {
  watchers: number;
  latest: Measurement | undefined;
  readonly fresh: Notifier;
  readonly stop: () => void;
}

/** Starts measuring at once; the first sample is taken at the next multiple of the interval. */
export function startSampling(options: SamplingOptions): Sampling {
  const { ring, log, intervalMs, createMeter, onStored, enabled = true } = options;
  let lastStored: Measurement | undefined;
  const stored = new Notifier();
  const groups = new Map<number, LiveGroup>();
  const store = (measurement: Measurement): void => {
    lastStored = measurement;
    ring.append(measurement);
    stored.notify();
    onStored?.();
  };
  const stop = enabled ? startMeter(intervalMs, store) : () => undefined;

  function startMeter(interval: number, take: (measurement: Measurement) => void): () => void {
    let meter: Meter | undefined;
    let busy = false;
    const ready = createMeter().then((created) => {
      meter = created;
    });
    ready.catch((error: unknown) => log.error('cannot measure this host', { reason: describe(error) }));
    let stopped = false;
    const stopTicking = everyAligned(interval, async () => {
      // A host that swaps may need longer than the interval: then one is left out, never two at once.
      if (!meter || busy) return;
      busy = true;
      try {
        const measurement = await meter.measure();
        if (!stopped) take(measurement);
      } catch (error) {
        log.error('a measurement failed', { reason: describe(error) });
      } finally {
        busy = false;
      }
    });
    return () => {
      stopped = true;
      stopTicking();
    };
  }

  function join(interval: number): LiveGroup {
    const known = groups.get(interval);
    if (known) {
      known.watchers++;
      return known;
    }
    const group: LiveGroup = {
      watchers: 1,
      latest: undefined,
      fresh: new Notifier(),
      stop: startMeter(interval, (measurement) => {
        group.latest = measurement;
        group.fresh.notify();
      }),
    };
    groups.set(interval, group);
    return group;
  }

  function leave(interval: number, group: LiveGroup): void {
    if (--group.watchers > 0) return;
    group.stop();
    groups.delete(interval);
  }

  return {
    stored: (after, outer) =>
      source(outer, async (sink) => {
        const { signal } = sink;
        let cursor = after;
        while (!signal.aborted) {
          const samples = ring.after(cursor, BATCH);
          const last = samples.at(-1);
          if (last) {
            cursor = { epoch: last.epoch, seq: last.seq };
            await sink.push(samples);
          } else await stored.wait(signal);
        }
      }),
    live: (interval, outer) =>
      source(outer, async (sink) => {
        const { signal } = sink;
        const group = join(interval);
        try {
          let shown: Measurement | undefined;
          while (!signal.aborted) {
            const { latest } = group;
            if (latest && latest !== shown) {
              shown = latest;
              await sink.push(latest);
            } else await group.fresh.wait(signal);
          }
        } finally {
          leave(interval, group);
        }
      }),
    latest: () => lastStored,
    stop() {
      stop();
      for (const group of groups.values()) group.stop();
      groups.clear();
    },
  };
}
