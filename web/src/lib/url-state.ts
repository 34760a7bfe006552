/**
 * A page's state as query parameters and back. A value that is absent or not understood is the default, and a default
 * is not written: a plain link stays plain.
 */
export interface Parameter<Value> {
  readonly fallback: Value;
  readonly read: (text: string) => Value | undefined;
  readonly write: (value: Value) => string;
}

export function textParameter(fallback = ''): Parameter<string> {
  return { fallback, read: (text) => text, write: (value) => value };
}

export function oneOf<const Value extends string>(
  values: readonly Value[],
  fallback: Value,
): Parameter<Value> {
  return { fallback, read: (text) => values.find((value) => value === text), write: (value) => value };
}

/** Several of a fixed set, separated by commas. */
export function manyOf<const Value extends string>(values: readonly Value[]): Parameter<readonly Value[]> {
  return {
    fallback: [],
    read: (text) => values.filter((value) => text.split(',').includes(value)),
    write: (chosen) => chosen.join(','),
  };
}

/** Several free words, separated by commas. */
export function words(): Parameter<readonly string[]> {
  return {
    fallback: [],
    read: (text) => text.split(',').filter(Boolean).map(decodeURIComponentSafely),
    write: (values) => values.map((value) => encodeURIComponent(value)).join(','),
  };
}

export function flag(): Parameter<boolean> {
  return { fallback: false, read: (text) => text === '1', write: () => '1' };
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A parameter of whatever value: `never` is what every `write` would accept. */
interface AnyParameter {
  readonly fallback: unknown;
  readonly read: (text: string) => unknown;
  readonly write: (value: never) => string;
}

export type StateShape = Readonly<Record<string, AnyParameter>>;
export type StateOf<Shape extends StateShape> = {
  readonly [Name in keyof Shape]: Shape[Name] extends Parameter<infer Value> ? Value : never;
};

export function readState<Shape extends StateShape>(
  shape: Shape,
  search: Pick<URLSearchParams, 'get'>,
): StateOf<Shape> {
  const entries = Object.entries(shape).map(([name, { read, fallback }]) => {
    const text = search.get(name);
    return [name, text === null ? fallback : (read(text) ?? fallback)] as const;
  });
  return Object.fromEntries(entries) as StateOf<Shape>;
}

const isDefault = (value: unknown, fallback: unknown): boolean =>
  value === fallback || (Array.isArray(value) && value.length === 0);

/** The query string with its question mark, or nothing when all is at its default. Keeps parameters it does not know. */
export function writeState<Shape extends StateShape>(
  shape: Shape,
  state: StateOf<Shape>,
  search: { toString: () => string } = '',
): string {
  const next = new URLSearchParams(search.toString());
  for (const [name, { fallback, write }] of Object.entries(shape)) {
    const value = state[name] as never;
    if (isDefault(value, fallback)) next.delete(name);
    else next.set(name, write(value));
  }
  const text = next.toString();
  return text === '' ? '' : `?${text}`;
}
