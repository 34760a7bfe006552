import { object, text, type JsonObject } from './json.ts';

/** Stands on what an agent makes in the engine for its own use; its value names the agent. */
export const ownLabel = 'io.serverkit.agent';

/**
 * Whether a container is one that an agent made for itself, and so is nobody's to see. One that was ever started is not,
 * whatever it says: a label must not hide what runs.
 *
 * @param entry - of GET /containers/json
 */
export function isOwnContainer(entry: JsonObject): boolean {
  return ownLabel in object(entry['Labels']) && entry['State'] === 'created';
}

/** The same for an image, which has nothing in it. @param entry - of GET /images/json */
export function isOwnImage(entry: JsonObject): boolean {
  return ownLabel in object(entry['Labels']) && entry['Size'] === 0;
}

/** What such a container's short life is told as, and that its image came. @param event - of GET /events */
export function isOwnEvent(event: JsonObject): boolean {
  const labelled = ownLabel in object(object(event['Actor'])['Attributes']);
  return labelled && ['create', 'destroy', 'import', 'delete'].includes(text(event['Action']));
}
