export type Mapping = Readonly<Record<string, unknown>>;

export function mapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** What is left of it when what says nothing to Docker itself is taken away. */
export function without(given: Mapping, names: readonly string[]): Mapping {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
}

export function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function scalar(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

export function number(value: unknown): number | null {
  const found = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(found) ? found : null;
}
