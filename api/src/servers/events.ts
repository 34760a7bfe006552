import { Topic } from '../live/topics.ts';

/** Something about a server changed; whoever listens reads it again. */
export interface ServerChange {
  readonly serverId: string;
  readonly kind: 'CREATED' | 'UPDATED' | 'STATUS' | 'DELETED';
}

/**
 * Published once the change is in the database. A busy reader keeps the newest change of each kind of each server: a
 * server that went offline because it was deleted must not be heard of as offline only.
 */
export const serverChanges = new Topic<ServerChange>({
  buffering: { keep: 'latest', key: ({ serverId, kind }) => `${serverId} ${kind}` },
  channel: ({ serverId }) => serverId,
});
