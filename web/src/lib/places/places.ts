/** Where something holds: on servers, and on all servers of groups and of those below them. */
export interface Places {
  readonly serverIds: readonly string[];
  readonly groupIds: readonly string[];
}

export const noPlaces: Places = { serverIds: [], groupIds: [] };

/** Where something goes that only some servers get: to every one, those to come too, or to those of a choice. */
export interface BoundPlaces extends Places {
  readonly everywhere: boolean;
}

/** Every server is a choice to be made, and none that is made by saying nothing. */
export const noBoundPlaces: BoundPlaces = { everywhere: false, ...noPlaces };

/** Whether something has been chosen. */
export const isBound = ({ everywhere, serverIds, groupIds }: BoundPlaces): boolean =>
  everywhere || serverIds.length + groupIds.length > 0;

/** As the API takes them, which refuses every server beside a choice. */
export const boundInput = ({ everywhere, serverIds, groupIds }: BoundPlaces) =>
  everywhere ? { everywhere } : { serverIds: [...serverIds], groupIds: [...groupIds] };
