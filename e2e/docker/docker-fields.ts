import { getNamedType, isInterfaceType, isObjectType, isUnionType, type GraphQLSchema } from 'graphql';

/** Types about Docker that are also told to those who may not look at containers. */
const alsoOfServers = ['DockerFacts'];

type Fields = ReturnType<NonNullable<ReturnType<GraphQLSchema['getQueryType']>>['getFields']>;

/**
 * Every field that tells or changes something of a Docker engine, as `Type.field`: the root fields that take one of
 * Docker's scopes, or one for files, which are those of containers and volumes, and all fields of the types that nothing else leads to.
 */
export function dockerFields(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
    (type) => type ?? [],
  );
  const isDockers = (field: Fields[string]): boolean =>
    /^(docker|files):/.test(field.extensions.serverkit?.access ?? '');

  function reachable(from: readonly string[], follows: (field: Fields[string]) => boolean): Set<string> {
    const seen = new Set<string>();
    const waiting = [...from];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const type = schema.getType(name);
      if (seen.has(name)) continue;
      seen.add(name);
      if (isUnionType(type)) waiting.push(...type.getTypes().map((member) => member.name));
      if (!isObjectType(type) && !isInterfaceType(type)) continue;
      const fields = Object.values(type.getFields()).filter(follows);
      waiting.push(...fields.map((field) => getNamedType(field.type).name));
    }
    return seen;
  }

  const names = roots.map(({ name }) => name);
  const others = reachable(names, (field) => !isDockers(field));
  const types = [...reachable(names, () => true)].filter((name) => !others.has(name));
  return [
    ...roots.flatMap((root) =>
      Object.values(root.getFields())
        .filter(isDockers)
        .map((field) => `${root.name}.${field.name}`),
    ),
    ...[...types, ...alsoOfServers].flatMap((name) => {
      const type = schema.getType(name);
      if (!isObjectType(type) && !isInterfaceType(type)) return [];
      return Object.keys(type.getFields()).map((field) => `${name}.${field}`);
    }),
  ].toSorted();
}
