/** A variable as files of them have it. */
interface Variable {
  readonly name: string;
  readonly value: string;
}

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)=(.*)$/;

/**
 * Lines of NAME=value, as in a .env file: a value in quotes may go on over several lines.
 *
 * @returns null for a text that is something else, or has a line that belongs to no variable
 */
export function variablesOf(text: string): { name: string; value: string }[] | null {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const found: Variable[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name, begin = ''] = assignment.exec(line) ?? [];
    if (name === undefined) return null;
    const quote = /^["']/.exec(begin)?.[0];
    if (quote === undefined) {
      found.push({ name, value: begin.trimEnd() });
      continue;
    }
    let value = begin.slice(1);
    while (!value.trimEnd().endsWith(quote)) {
      at += 1;
      const next = lines[at];
      // A quote that is not closed is a part of the value.
      if (next === undefined) return null;
      value += `\n${next}`;
    }
    found.push({ name, value: value.trimEnd().slice(0, -1) });
  }
  return found.length === 0 ? null : found.map(({ name, value }) => ({ name, value }));
}
