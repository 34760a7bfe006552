/** Where in a Compose file somebody writes. */
export interface ComposePlace {
  /** Keys from the top down to the map or list it is in; `[]` is an item of a list. */
  readonly path: readonly string[];
  /** The key whose value is being written; null where a key, or an item of a list, is. */
  readonly key: string | null;
  /** What is written of it so far, from this position on. */
  readonly typed: string;
  readonly from: number;
  /** Column of the key or item: what is nested below it is further to the right. */
  readonly column: number;
  /** Keys of the same map, which it has already. */
  readonly taken: ReadonlySet<string>;
}

interface Line {
  /** Column of the first dash; -1 for a line that is no item of a list. */
  readonly dash: number;
  /** Column of what stands in it. */
  readonly column: number;
  readonly key: string | null;
}

function read(text: string): Line | null {
  const [, indent = '', dashes = '', rest = ''] = /^(\s*)((?:-\s+)*)(.*)$/.exec(text) ?? [];
  if (rest === '' && !dashes) return null;
  if (rest.startsWith('#')) return null;
  const key = /^(?:"([^"]*)"|'([^']*)'|([^\s"'#{[][^:#]*?)):(?:\s|$)/.exec(rest);
  return {
    dash: dashes === '' ? -1 : indent.length,
    column: indent.length + dashes.length,
    key: key ? (key[1] ?? key[2] ?? key[3] ?? null) : null,
  };
}

/**
 * Told by indentation alone, as a file that is being written is rarely whole. Null within comments, texts in quotes and
 * the short form of maps and lists.
 *
 * @param at - position of the cursor
 */
export function placeIn(text: string, at: number): ComposePlace | null {
  const lines = text.slice(0, at).split('\n');
  const current = lines.at(-1) ?? '';
  const [, indent = '', dashes = '', rest = ''] = /^(\s*)((?:-\s+)*)(.*)$/.exec(current) ?? [];
  const [, key = null, typed = ''] = /^(?:([\w.$-]+):\s+)?([\w.$/-]*)$/.exec(rest) ?? [undefined];
  if (/\t/.test(indent) || !/^(?:([\w.$-]+):\s+)?([\w.$/-]*)$/.test(rest)) return null;
  const column = indent.length + dashes.length;
  const above = lines.slice(0, -1).map(read);
  const dash = dashes === '' ? -1 : indent.length;
  const below = text.slice(at).split('\n').slice(1).map(read);
  return {
    path: pathTo(above, column, dash),
    key: key ?? null,
    typed,
    from: at - typed.length,
    column,
    taken: new Set([...siblings(above.toReversed(), column, dash), ...siblings(below, column, -1)]),
  };
}

function pathTo(above: readonly (Line | null)[], column: number, dash: number): string[] {
  const path: string[] = [];
  let limit = dash === -1 ? column : dash;
  // The items of a list may stand as far to the left as the key they belong to.
  let inList = dash !== -1;
  if (inList) path.unshift('[]');
  for (const line of above.toReversed()) {
    if (!line) continue;
    if (line.dash === -1) {
      if (line.key === null || !(line.column < limit || (inList && line.column === limit))) continue;
      path.unshift(line.key);
      limit = line.column;
      inList = false;
    } else if (line.key !== null && line.column < limit) {
      path.unshift('[]', line.key);
      limit = line.dash;
      inList = true;
    } else if (!inList && line.column === limit && line.dash < limit) {
      path.unshift('[]');
      limit = line.dash;
      inList = true;
    }
  }
  return path;
}

/** Keys of the same map, walking away from it. */
function siblings(lines: readonly (Line | null)[], column: number, dash: number): string[] {
  const found: string[] = [];
  if (dash !== -1) return found;
  for (const line of lines) {
    if (!line) continue;
    if (line.column < column || (line.dash !== -1 && line.dash < column && line.column > column)) break;
    if (line.column === column && line.key !== null) found.push(line.key);
    if (line.dash !== -1 && line.column === column) break;
  }
  return found;
}

/** What a file has below one of its top keys: its services, say. */
export function namesIn(text: string, section: string): string[] {
  const names: string[] = [];
  let inside = false;
  let column = 0;
  for (const line of text.split('\n').map(read)) {
    if (!line) continue;
    if (line.column === 0) {
      inside = line.key === section;
      column = 0;
    } else if (inside && line.key !== null && (column === 0 || line.column === column)) {
      column = line.column;
      names.push(line.key);
    }
  }
  return names;
}
