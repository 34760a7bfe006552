/** An object out of JSON that Docker wrote: nothing of it is taken for granted. */
export type Json = Readonly<Record<string, unknown>>;

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const texts = (value: unknown): string[] =>
  list(value).filter((entry): entry is string => typeof entry === 'string');
export const flag = (value: unknown): boolean => value === true;
/** Docker's zeros and -1 mean that nobody chose. */
export const positive = (value: unknown): number | null =>
  typeof value === 'number' && value > 0 ? value : null;

/** Nothing, in one of the ways in which Docker says so. */
export function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The same setting, where nothing can be said in several ways. */
export function same(a: unknown, b: unknown): boolean {
  return (isNothing(a) && isNothing(b)) || JSON.stringify(a) === JSON.stringify(b);
}
