import { Topic } from '../live/topics.ts';

/** Someone's rights changed: a session ended, a role was taken or given, an account was disabled. */
export interface PrincipalChange {
  readonly userId: string;
  /** Only this session. @default all of the user's */
  readonly sessionId?: string;
}

/** Whoever holds something open for a person looks again at what they may do. */
export const principalChanged = new Topic<PrincipalChange>({
  buffering: { keep: 'latest', key: ({ userId, sessionId = '' }) => `${userId} ${sessionId}` },
});
