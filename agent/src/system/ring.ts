import { randomBytes } from 'node:crypto';
import { describe } from '../errors.ts';
import type { Log } from '../log.ts';
import { isStoredSample, type Measurement, type SampleCursor, type StoredSample } from './sample.ts';
import { Segments } from './segments.ts';

/** Two hours at one sample per 10 s: what the control plane can miss without a gap. */
export const RING_CAPACITY = 720;

/** The samples of the last two hours, kept across restarts. */
export interface Ring {
  /** 16 hex digits, random per start. */
  readonly epoch: string;
  /** Gives a measurement its place. */
  append(measurement: Measurement): StoredSample;
  /**
   * Up to `limit` samples after the cursor, oldest first. A cursor that the ring does not know stands for the
   * beginning: the control plane recognises what it has by (epoch, seq).
   */
  after(cursor: SampleCursor | null, limit: number): readonly StoredSample[];
  /** How many samples it holds. */
  readonly size: number;
  close(): void;
}

/** Held as text: an object of V8 takes several times the memory of its JSON. */
interface Entry extends SampleCursor {
  readonly json: string;
}

export interface RingOptions {
  /** Folder for the segment files, made if need be. */
  readonly folder: string;
  readonly log: Log;
  /** @default {@link RING_CAPACITY} */
  readonly capacity?: number;
}

/** Opens the ring. A disk that cannot be read or written costs only what is kept across restarts. */
export function openRing({ folder, log, capacity = RING_CAPACITY }: RingOptions): Ring {
  const epoch = randomBytes(8).toString('hex');
  const segments = new Segments(folder, capacity);
  let entries: Entry[] = [];
  let seq = 0;
  let complained = false;

  for (const json of segments.load((error) => complain(error))) {
    const sample = parse(json);
    if (sample) entries.push({ epoch: sample.epoch, seq: sample.seq, json });
  }
  entries = entries.slice(-capacity);

  function complain(error: unknown): void {
    if (complained) return;
    complained = true;
    log.warn('samples cannot be kept on disk; they are kept in memory until the agent ends', {
      folder,
      reason: describe(error),
    });
  }

  function keep(json: string): void {
    try {
      segments.append(json, () => entries.map((entry) => entry.json));
      if (complained) log.info('samples are kept on disk again', { folder });
      complained = false;
    } catch (error) {
      complain(error);
    }
  }

  /** Index of the first entry after the cursor. */
  function position(cursor: SampleCursor | null): number {
    if (!cursor) return 0;
    const last = entries.findLastIndex((entry) => entry.epoch === cursor.epoch);
    if (last < 0) return 0;
    const known = entries.findLastIndex((entry) => entry.epoch === cursor.epoch && entry.seq <= cursor.seq);
    if (known >= 0) return known + 1;
    // All of that epoch that is left is newer than the cursor.
    return entries.findIndex((entry) => entry.epoch === cursor.epoch);
  }

  return {
    epoch,
    get size() {
      return entries.length;
    },
    append(measurement) {
      const sample: StoredSample = { epoch, seq: seq++, ...measurement };
      const json = JSON.stringify(sample);
      entries.push({ epoch, seq: sample.seq, json });
      if (entries.length > capacity) entries.shift();
      keep(json);
      return sample;
    },
    after(cursor, limit) {
      const from = position(cursor);
      return entries.slice(from, from + limit).flatMap((entry) => parse(entry.json) ?? []);
    },
    close: () => segments.close(),
  };
}

function parse(json: string): StoredSample | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isStoredSample(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
