import { readLabel, secretsLabel } from '@serverkit/wire/secret-references.ts';
import { array, object, type JsonObject } from './json.ts';
import { looksSecret } from './secret-values.ts';

/** One variable of a container. */
export interface Variable {
  readonly name: string;
  /** Null where it looks secret, and where it came from a secret. */
  readonly value: string | null;
  /** The secret it came from, by name. */
  readonly secret: string | null;
}

/** Longest value that is sent; the engine has no limit of its own. Characters. */
const MAX_VALUE = 16_384;

/** As the container was given it, values that look secret left out. */
export function environmentOf(inspect: JsonObject): Variable[] {
  const secrets = secretsOf(inspect);
  return variablesOf(inspect).map(({ name, value }) => ({
    name,
    value: secrets.has(name) || looksSecret(name, value) ? null : value,
    secret: secrets.get(name) ?? null,
  }));
}

/** With every value, but of those that came from secrets: these are never told. */
export function revealed(inspect: JsonObject): Given[] {
  const secrets = secretsOf(inspect);
  return variablesOf(inspect).filter(({ name }) => !secrets.has(name));
}

interface Given {
  readonly name: string;
  readonly value: string;
}

/** Secrets by the variables that they were given in. */
function secretsOf(inspect: JsonObject): ReadonlyMap<string, string> {
  const label = object(object(inspect['Config'])['Labels'])[secretsLabel];
  const { variables } = readLabel(typeof label === 'string' ? label : undefined);
  return new Map(variables.map(({ name, secret }) => [name, secret]));
}

function variablesOf(inspect: JsonObject): Given[] {
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
