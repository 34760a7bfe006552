import type { SampleCursor, StoredSample } from './sample.ts';

/** At least an hour of samples, kept across restarts. */
export interface Ring {
  /** 16 hex digits, random per start. */
  readonly epoch: string;
  /** Up to `limit` samples after the cursor, oldest first; from the oldest if the cursor is unknown or null. */
  after(cursor: SampleCursor | null, limit: number): readonly StoredSample[];
}
