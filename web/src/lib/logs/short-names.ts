/**
 * Names without what all of them begin with: containers of one project are told apart by their ends, and a log has little
 * room beside its lines.
 */
export function shortNames(names: readonly string[]): readonly string[] {
  const [first = '', ...others] = names;
  if (others.length === 0) return names;
  let shared = 0;
  for (const { index } of first.matchAll(/[-_.]/g)) {
    const start = first.slice(0, index + 1);
    if (names.every((name) => name.startsWith(start) && name.length > start.length)) shared = start.length;
  }
  return names.map((name) => name.slice(shared));
}
