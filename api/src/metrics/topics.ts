import { Topic } from '../live/topics.ts';
import type { Measured, ServerNumbers } from './sample.ts';

/** The newest 10 s sample of a server, as it arrives: before it is stored, and only once per batch that is caught up. */
export const storedSamples = new Topic<Measured>({
  buffering: { keep: 'latest', key: ({ serverId }) => serverId },
  channel: ({ serverId }) => serverId,
});

/** A sample a second of a server, taken while somebody listens to its channel. */
export const liveSamples = new Topic<Measured>({
  buffering: { keep: 'latest', key: ({ serverId }) => serverId },
  channel: ({ serverId }) => serverId,
});

export interface FleetBatch {
  readonly items: readonly ServerNumbers[];
}

/** The numbers of all servers that changed, at most once a second, gathered while somebody listens. */
export const fleetNumbers = new Topic<FleetBatch>({ buffering: { keep: 'newest', limit: 10 } });
