import type { Label } from './container.ts';
import { object, text } from './json.ts';

/** More labels than anybody reads, fewer than would fill a message. */
const MAX_LABELS = 200;

/** Labels, or options, as the engine writes them: an object of texts, or null. */
export function pairsOf(value: unknown): Label[] {
  return Object.entries(object(value))
    .slice(0, MAX_LABELS)
    .map(([key, one]) => ({ key: text(key), value: text(one) }));
}
