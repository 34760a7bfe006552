import { parse } from 'yaml';

type Values = Readonly<Record<string, unknown>>;

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a file says of its services; empty while it cannot be read. */
function servicesIn(text: string): Values {
  try {
    const file: unknown = parse(text, { merge: true, logLevel: 'silent', maxAliasCount: 1000 });
    return isValues(file) && isValues(file['services']) ? file['services'] : {};
  } catch {
    return {};
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function differing(before: Values, after: Values, prefix: string, depth: number): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [old, next] = [before[key], after[key]];
    if (same(old, next)) return [];
    return depth > 0 && isValues(old) && isValues(next)
      ? differing(old, next, `${prefix}${key}.`, depth - 1)
      : [`${prefix}${key}`];
  });
}

/** Which settings of each service differ between two files, as `environment.GREETING`. Services of both alone. */
export function changedKeys(before: string, after: string): ReadonlyMap<string, readonly string[]> {
  const [old, next] = [servicesIn(before), servicesIn(after)];
  return new Map(
    Object.entries(next).flatMap(([name, service]) => {
      const previous = old[name];
      return isValues(previous) && isValues(service)
        ? [[name, differing(previous, service, '', 1)] as const]
        : [];
    }),
  );
}
