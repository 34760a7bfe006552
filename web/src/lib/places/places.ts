/** Where something holds: on servers, and on all servers of groups and of those below them. */
export interface Places {
  readonly serverIds: readonly string[];
  readonly groupIds: readonly string[];
}

export const noPlaces: Places = { serverIds: [], groupIds: [] };
