import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { defaultOf, described, headingOf, linked, named, prose, table } from './markdown.ts';

/** The whole of a schema as Markdown: what can be asked, changed and followed, then the types, in alphabetical order. */
export function reference(schema: GraphQLSchema): string {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .filter((type) => !roots.some((root) => root === type))
    .filter((type) => !isMutationInput(type, schema.getMutationType()))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const kinds: readonly (readonly [string, readonly GraphQLNamedType[]])[] = [
    ['Types', types.filter((type) => isObjectType(type) || isInterfaceType(type) || isUnionType(type))],
    ['Inputs', types.filter(isInputObjectType)],
    ['Enums', types.filter(isEnumType)],
    ['Scalars', types.filter(isScalarType)],
  ];
  return [
    ...roots.flatMap((root) => (root ? [rootSection(root)] : [])),
    ...kinds.flatMap(([title, list]) =>
      list.length > 0 ? [`## ${title}`].concat(list.map(typeSection)) : [],
    ),
  ].join('\n\n');
}

const titles: Readonly<Record<string, string>> = {
  Query: 'Queries',
  Mutation: 'Mutations',
  Subscription: 'Subscriptions',
};

function rootSection(root: GraphQLObjectType): string {
  return [
    `## ${titles[root.name] ?? root.name}`,
    prose(root.description),
    ...Object.values(root.getFields()).map(operation),
  ].join('\n\n');
}

function operation(field: GraphQLField<unknown, unknown>): string {
  const input = field.args.find(({ name }) => name === 'input');
  const inputType = input && getNamedType(input.type);
  const rows = isInputObjectType(inputType) ? Object.values(inputType.getFields()) : field.args;
  return [
    `### ${field.name}`,
    described(field),
    `Answers ${linked(field.type)}.${isInputObjectType(inputType) ? ` Its \`input\` is \`${inputType.name}\`:` : ''}`,
    table(
      [isInputObjectType(inputType) ? 'input field' : 'argument', 'type', 'default', 'meaning'],
      rows.map((row) => [named(row), linked(row.type), defaultOf(row), described(row)]),
    ),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** Described with the one mutation that takes it. */
function isMutationInput(type: GraphQLNamedType, mutation: GraphQLObjectType | null | undefined): boolean {
  return Object.values(mutation?.getFields() ?? {}).some(({ args }) =>
    args.some((argument) => argument.name === 'input' && getNamedType(argument.type) === type),
  );
}

function typeSection(type: GraphQLNamedType): string {
  return [`### ${headingOf(type)}`, prose(type.description), body(type)].filter(Boolean).join('\n\n');
}

function body(type: GraphQLNamedType): string {
  if (isEnumType(type)) {
    return table(
      ['value', 'meaning'],
      type.getValues().map((value) => [named(value), described(value)]),
    );
  }
  if (isUnionType(type)) return `One of ${type.getTypes().map(linked).join(', ')}.`;
  if (isInputObjectType(type)) {
    return table(
      ['input field', 'type', 'default', 'meaning'],
      Object.values(type.getFields()).map((field) => [
        named(field),
        linked(field.type),
        defaultOf(field),
        described(field),
      ]),
    );
  }
  if (!isObjectType(type) && !isInterfaceType(type)) {
    return isScalarType(type) && type.specifiedByURL ? `Specified by <${type.specifiedByURL}>.` : '';
  }
  const fields = Object.values(type.getFields());
  return [
    type.getInterfaces().length > 0 ? `Is a ${type.getInterfaces().map(linked).join(', ')}.` : '',
    table(
      ['field', 'type', 'meaning'],
      fields.map((field) => [named(field), linked(field.type), described(field)]),
    ),
    ...fields.filter(({ args }) => args.length > 0).map((field) => argumentsOf(field.name, field.args)),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function argumentsOf(name: string, list: readonly GraphQLArgument[]): string {
  return table(
    [`argument of ${name}`, 'type', 'default', 'meaning'],
    list.map((one) => [named(one), linked(one.type), defaultOf(one), described(one)]),
  );
}
