import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

/** The names of a schema that say nothing about themselves: types, fields, arguments, values of enums. */
export function undescribed(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => missing(type.name, type).concat(parts(type)));
}

function missing(name: string, { description }: { description?: string | null | undefined }): string[] {
  return description?.trim() ? [] : [name];
}

function parts(type: GraphQLNamedType): string[] {
  if (isEnumType(type)) {
    return type.getValues().flatMap((value) => missing(`${type.name}.${value.name}`, value));
  }
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) => missing(`${type.name}.${field.name}`, field));
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => {
    const name = `${type.name}.${field.name}`;
    return missing(name, field).concat(
      field.args.flatMap((argument) => missing(`${name}(${argument.name}:)`, argument)),
    );
  });
}
