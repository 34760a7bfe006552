import { Topic } from '../live/topics.ts';

/** Someone's rights changed: a session or token ended, a role or a grant was taken or given, an account was disabled. */
export interface PersonChange {
  readonly userId: string;
  /** Only this session or API token. @default all of the user's */
  readonly credentialId?: string;
}

/** Servers came to other groups, or groups to other places: everyone who is limited to some servers may be concerned. */
export interface PlacesChange {
  readonly places: true;
}

export type PrincipalChange = PersonChange | PlacesChange;

/** Whoever holds something open for a person looks again at what they may do. */
export const principalChanged = new Topic<PrincipalChange>({
  buffering: {
    keep: 'latest',
    key: (change) => ('places' in change ? '' : `${change.userId} ${change.credentialId ?? ''}`),
  },
});
