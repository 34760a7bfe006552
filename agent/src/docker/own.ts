import { object, type JsonObject } from './json.ts';
import type { EngineEvent } from './watcher.ts';

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

/** More than agents ever make at once; of somebody else's, the rest is told. */
const MAX_HELD = 100;

/**
 * Keeps to itself that what an agent made for its own use came and went. Anybody can put the label on what is theirs: once
 * anything else happens to it, that it came is told as well, and so is then that it goes.
 */
export class OwnEvents {
  readonly #held = new Map<string, EngineEvent>();

  /** @returns what is to be told now, in order */
  tell(event: EngineEvent): EngineEvent[] {
    const { own, type, action, id } = event;
    if (!own || (type !== 'container' && type !== 'image')) return [event];
    if (action === 'create' || action === 'import') {
      this.#held.set(id, event);
      if (this.#held.size <= MAX_HELD) return [];
      const [oldest = event] = this.#held.values();
      this.#held.delete(oldest.id);
      return [oldest];
    }
    const came = this.#held.get(id);
    this.#held.delete(id);
    if (!came) return [event];
    return action === 'destroy' || action === 'delete' ? [] : [came, event];
  }

  /** The engine is gone, and with it what was going on. */
  clear(): void {
    this.#held.clear();
  }
}
