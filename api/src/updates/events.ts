import { Topic } from '../live/topics.ts';

/** Something about the update policies of a server changed; whoever listens reads them again. */
export interface UpdatePolicyChange {
  readonly serverId: string;
  readonly policyId: string;
  /** `NOTICED`: something newer is known for the first time. */
  readonly kind: 'SET' | 'CHANGED' | 'NOTICED' | 'BEGUN' | 'APPLIED' | 'FAILED' | 'REMOVED';
}

/** Published once the change is in the database. */
export const updatePolicyChanges = new Topic<UpdatePolicyChange>({
  buffering: { keep: 'latest', key: ({ policyId, kind }) => `${policyId} ${kind}` },
  channel: ({ serverId }) => serverId,
});
