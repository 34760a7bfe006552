/** A wall clock that is further off than this (ms) is not believed. Less is shown as skew, and stored as said. */
export const absurdSkewMs = 60_000;

/** Nothing older than this (ms) is believed; it stays clear of what retention has already dropped. */
export const oldestSampleMs = 6 * 24 * 60 * 60 * 1000;

/** What is known of an agent's clocks when a batch arrives. */
export interface ClockReading {
  /** Our clock when the batch arrived, ms since 1970. */
  readonly receivedAt: number;
  /** The epoch the agent runs in, and its monotonic clock when it sent the batch. */
  readonly epoch: string;
  readonly monotonicMs: number;
  /** The agent's wall clock less ours, as the handshake found it. */
  readonly skewMs: number;
}

interface Dated {
  readonly epoch: string;
  /** Wall clock of the agent, ms since 1970. */
  readonly at: number;
  readonly monotonicMs: number;
}

/** When a sample was taken, in ms since 1970 by our clock. `absurd`: it is not what the agent's wall clock said. */
export interface Placement {
  readonly at: number;
  readonly absurd: boolean;
}

/**
 * Says when a sample was really taken. Within the epoch the agent runs in, its monotonic clock tells how long ago that
 * is, whatever happened to the wall clock meanwhile; so an hour that is caught up with a clock three hours off lands
 * in the right hour. A sample from before a restart has no such anchor: there the skew found at the handshake is taken
 * off, and what is left must be a time that could be.
 */
export function place(sample: Dated, clock: ClockReading): Placement {
  const { receivedAt } = clock;
  const age = clock.monotonicMs - sample.monotonicMs;
  if (sample.epoch === clock.epoch && age >= 0 && age <= oldestSampleMs) {
    const taken = receivedAt - age;
    return Math.abs(sample.at - taken) <= absurdSkewMs
      ? { at: sample.at, absurd: false }
      : { at: taken, absurd: true };
  }
  const skewed = Math.abs(clock.skewMs) > absurdSkewMs;
  const taken = skewed ? sample.at - clock.skewMs : sample.at;
  return taken >= receivedAt - oldestSampleMs && taken <= receivedAt + absurdSkewMs
    ? { at: taken, absurd: skewed }
    : { at: receivedAt, absurd: true };
}
