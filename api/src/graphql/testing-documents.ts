import { randomBytes } from 'node:crypto';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';

export type Field = GraphQLField<unknown, unknown>;

export const takesArguments = ({ args }: Field) => args.length > 0;
export const fieldsOf = (type: GraphQLObjectType | null | undefined): Field[] =>
  Object.values(type?.getFields() ?? {});

interface Fitting {
  readonly serverId: string;
  /** Leaves out what need not be given. @default false */
  readonly least?: boolean;
}

/** Texts that get past the rules of their field. */
const fitting: Readonly<Record<string, () => string>> = {
  name: () => `a${randomBytes(8).toString('hex')}`,
  scopes: () => 'docker:containers:read',
  containerId: () => '0'.repeat(64),
  signal: () => 'SIGTERM',
  email: () => 'ada@example.com',
};

/** A value that fits its type, and as far as can be told the rules of its field. */
export function fittingValue(name: string, type: GraphQLInputType, how: Fitting): unknown {
  if (isNonNullType(type)) return fittingValue(name, type.ofType, how);
  if (isListType(type)) return [fittingValue(name, type.ofType, how)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => !how.least || isNonNullType(field.type));
    return Object.fromEntries(fields.map((field) => [field.name, fittingValue(field.name, field.type, how)]));
  }
  if (type.name === 'Boolean') return true;
  if (type.name === 'DateTime') return new Date(0).toISOString();
  if (['Int', 'SafeInt', 'Float'].includes(type.name)) return 1;
  return ['id', 'serverId', 'serverIds'].includes(name) ? how.serverId : (fitting[name]?.() ?? 'a');
}

/** Whatever can be selected without arguments that must be given. */
function selection(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!('getFields' in named)) return '';
  if (!isObjectType(named) || depth < 0) return '{ __typename }';
  const parts = fieldsOf(named).flatMap((field) => {
    if (field.args.some((arg) => isNonNullType(arg.type))) return [];
    if (!('getFields' in getNamedType(field.type))) return [field.name];
    return depth > 0 ? [`${field.name} ${selection(field.type, depth - 1)}`] : [];
  });
  return `{ __typename ${parts.join(' ')} }`;
}

interface Wanted {
  /** What stands around the field. */
  readonly inside?: (text: string) => string;
  /** Of what is selected below it; -1 selects the name of the type alone. @default 1 */
  readonly depth?: number;
}

/** A document that asks for one field, with a variable for each of its arguments. */
export function documentOf(
  kind: string,
  field: Field,
  { inside = (text) => text, depth = 1 }: Wanted = {},
): string {
  const declared = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
  const passed = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const [variables, values] = field.args.length > 0 ? [`(${declared})`, `(${passed})`] : ['', ''];
  return `${kind} Test${variables} { ${inside(`${field.name}${values} ${selection(field.type, depth)}`)} }`;
}
