import type { Source } from '../source.ts';
import type { Measurement, SampleCursor, StoredSample } from './sample.ts';

/** Measures the host every 10 s for good, and every second while somebody watches. */
export interface Sampling {
  /** Everything in the ring after the cursor (all of it if the cursor is unknown), then each new sample. */
  stored(after: SampleCursor | null, signal: AbortSignal): Source<readonly StoredSample[]>;
  live(intervalMs: number, signal: AbortSignal): Source<Measurement>;
}
