export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Lines of `key=value`; a line without a sign is a key with an empty value. */
export function pairsOf(lines: string): Pair[] {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const at = line.indexOf('=');
      return at === -1
        ? { key: line, value: '' }
        : { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
    });
}

export const pairText = (pairs: readonly Pair[]): string =>
  pairs.map(({ key, value }) => (value === '' ? key : `${key}=${value}`)).join(', ');
