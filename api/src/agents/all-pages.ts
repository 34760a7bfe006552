import { protocolError } from './agent-errors.ts';

/** More than any engine has of anything. */
const maxItems = 20_000;
/** Text of all of them, in characters. */
const maxCharacters = 32 * 1024 * 1024;
const maxPages = 1_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/**
 * All pages of a list that an agent keeps.
 *
 * @throws ServerKitError AGENT_PROTOCOL_ERROR for one without an end
 */
export async function allPages<Item>(ask: (after: string | null) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  let characters = 0;
  let after: string | null = null;
  for (let count = 0; count < maxPages; count += 1) {
    const { items, next }: Page<Item> = await ask(after);
    all.push(...items);
    characters += JSON.stringify(items).length;
    if (all.length > maxItems || characters > maxCharacters) break;
    after = next;
    if (after === null) return all;
  }
  throw protocolError('a list without an end');
}
