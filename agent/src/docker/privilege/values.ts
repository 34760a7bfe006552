import type { Rule } from './outside.ts';

/** Nothing that the option can say reaches beyond the container. */
export const anything: Rule = () => undefined;

/** What the engine takes for "not said", except where an empty list replaces a list of its own. */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** @param why - ends the sentence "this …" */
export function nothing(why: string): Rule {
  return (value) => (isNothing(value) ? undefined : why);
}

export function oneOf(allowed: readonly string[], why: string): Rule {
  return (value) =>
    value === undefined || value === null || allowed.some((one) => one === value) ? undefined : why;
}

/** A list of text of which each must be inside. */
export function each(allows: (item: string) => boolean, why: string): Rule {
  return (value) => {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) return why;
    return value.every((item) => typeof item === 'string' && allows(item)) ? undefined : why;
  };
}

/** A map of text to text of which each pair must be inside. */
export function eachPair(allows: (key: string, value: string) => boolean, why: string): Rule {
  return (value) => {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return why;
    const pairs: [string, unknown][] = Object.entries(value);
    return pairs.every(([key, one]) => typeof one === 'string' && allows(key, one)) ? undefined : why;
  };
}
