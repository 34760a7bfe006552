/** Longer lines stay as they are: to take them apart would hold up the page. Characters. */
const longest = 64 * 1024;
const kept = new WeakMap<object, string>();

/** A line that is an object or list in JSON, over several lines; every other line as it is. Worked out once for each. */
export function expanded(line: { readonly text: string }): string {
  const known = kept.get(line);
  if (known !== undefined) return known;
  const text = spread(line.text);
  kept.set(line, text);
  return text;
}

function spread(text: string): string {
  const bare = text.trim();
  if (!/^[[{].*[\]}]$/s.test(bare) || bare.length > longest) return text;
  try {
    return JSON.stringify(JSON.parse(bare), null, 2);
  } catch {
    return text;
  }
}
