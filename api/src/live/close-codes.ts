/** Why we close a viewer's socket. 44xx are those of the graphql-transport-ws protocol where it has one. */
export const viewerCloseCodes = {
  /** This process ends; another, or the next, takes over. Come back. */
  goingAway: 1001,
  /** The frame was binary, or no message of the protocol. */
  badMessage: 4400,
  /** The session is not valid, or not any more. Coming back does not help without signing in. */
  unauthorized: 4401,
  /** An id was used again before its operation was completed. */
  idInUse: 4409,
  /** More was waiting to be sent than we keep for one reader. */
  tooSlow: 4413,
  /** A bug of ours. */
  internal: 4500,
} as const;
