import {
  astFromValue,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isScalarType,
  isSpecifiedScalarType,
  print,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLType,
} from 'graphql';

/** Prose as it was written, without what Markdown or HTML would take for its own. */
export function prose(text: string | null | undefined): string {
  return (text ?? '').trim().replaceAll('<', '&lt;').replaceAll('*', '\\*');
}

/** Prose as a cell of a table. */
export function cell(text: string | null | undefined): string {
  return prose(text)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
}

/** Tells a type from a query of the same name. */
export function headingOf(type: GraphQLNamedType): string {
  const kind = isEnumType(type)
    ? 'enum'
    : isInputObjectType(type)
      ? 'input'
      : isScalarType(type)
        ? 'scalar'
        : 'type';
  return `${kind} ${type.name}`;
}

/** As GitHub makes the anchor of a heading. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');

/** The type as it stands in the schema, leading to where it is described. */
export function linked(type: GraphQLType): string {
  const inner = getNamedType(type);
  const [before = '', after = ''] = String(type).split(inner.name);
  if (isSpecifiedScalarType(inner)) return `\`${String(type)}\``;
  return `${before.replaceAll('[', '\\[')}[\`${inner.name}\`](#${anchor(headingOf(inner))})${after}`;
}

/** A table, or nothing when it would be empty. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A name as code; struck through with the reason once it is deprecated. */
export function named({
  name,
  deprecationReason,
}: {
  readonly name: string;
  readonly deprecationReason?: string | null | undefined;
}): string {
  return deprecationReason == null ? `\`${name}\`` : `~~\`${name}\`~~`;
}

export function described({
  description,
  deprecationReason,
}: {
  readonly description?: string | null | undefined;
  readonly deprecationReason?: string | null | undefined;
}): string {
  const warning = deprecationReason == null ? '' : `**Deprecated:** ${cell(deprecationReason)} `;
  return warning + cell(description);
}

/** What is meant when an argument or input field is left out, as GraphQL writes it. */
export function defaultOf({ type, defaultValue }: GraphQLArgument | GraphQLInputField): string {
  if (defaultValue === undefined) return '';
  const node = astFromValue(defaultValue, type);
  return node ? `\`${print(node)}\`` : '';
}
