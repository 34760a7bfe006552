import { array, object, type JsonObject } from './json.ts';
import { looksSecret } from './secret-values.ts';

/** One variable of a container. */
export interface Variable {
  readonly name: string;
  /** Null where it looks secret. */
  readonly value: string | null;
}

/** Longest value that is sent; the engine has no limit of its own. Characters. */
const MAX_VALUE = 16_384;

/** As the container was given it, values that look secret left out. */
export function environmentOf(inspect: JsonObject): Variable[] {
  return revealed(inspect).map(({ name, value }) => ({
    name,
    value: looksSecret(name, value) ? null : value,
  }));
}

/** With every value. */
export function revealed(inspect: JsonObject): { readonly name: string; readonly value: string }[] {
  return array(object(inspect['Config'])['Env'])
    .filter((variable) => typeof variable === 'string')
    .map((variable) => {
      const [name, value] = split(variable);
      return {
        name,
        value: value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE - 1).toWellFormed()}…` : value,
      };
    });
}

export function split(variable: string): [name: string, value: string] {
  const end = variable.indexOf('=');
  return end < 0 ? [variable, ''] : [variable.slice(0, end), variable.slice(end + 1)];
}
