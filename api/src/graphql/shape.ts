import {
  GraphQLError,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { ServerKitError } from '../errors.ts';
import { limits } from './limits.ts';

interface Shape {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
}

type Measure = keyof Shape | 'rootFields';

const nouns: Readonly<Record<Measure, string>> = {
  depth: 'levels of fields',
  fields: 'fields',
  aliases: 'aliases',
  directives: 'directives',
  rootFields: 'fields of the root',
};

/**
 * Measures a document before it is validated, since some rules of validation take time that grows with the square of
 * the number of fields. Linear: each fragment is measured once.
 * @throws ServerKitError QUERY_TOO_COMPLEX, GraphQLError for fragments that contain themselves
 */
export function checkShape(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const measured = new Map<string, Shape | 'open'>();

  const ofFragment = (name: string): Shape => {
    const known = measured.get(name);
    if (known === 'open') throw new GraphQLError(`The fragment ${name} contains itself.`);
    if (known) return known;
    const fragment = fragments.get(name);
    measured.set(name, 'open');
    const shape = fragment ? ofSelections(fragment.selectionSet) : empty;
    measured.set(name, shape);
    return shape;
  };

  const ofSelections = (set: SelectionSetNode): Shape => {
    let total = empty;
    for (const node of set.selections) {
      const directives = node.directives?.length ?? 0;
      if (node.kind === Kind.FIELD) {
        const below = node.selectionSet ? ofSelections(node.selectionSet) : empty;
        total = add(total, {
          depth: below.depth + 1,
          fields: below.fields + 1,
          aliases: below.aliases + (node.alias ? 1 : 0),
          directives: below.directives + directives,
        });
      } else {
        const inner =
          node.kind === Kind.FRAGMENT_SPREAD ? ofFragment(node.name.value) : ofSelections(node.selectionSet);
        total = add(total, { ...inner, directives: inner.directives + directives });
      }
    }
    return total;
  };

  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const shape = ofSelections(node.selectionSet);
    check('rootFields', rootFieldsOf(node, fragments));
    check('depth', shape.depth);
    check('fields', shape.fields);
    check('aliases', shape.aliases);
    check('directives', shape.directives);
  }
}

const empty: Shape = { depth: 0, fields: 0, aliases: 0, directives: 0 };

function add(a: Shape, b: Shape): Shape {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
  };
}

/** Spread fragments count too; only called when none contains itself. */
function rootFieldsOf(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): number {
  const count = (set: SelectionSetNode): number => {
    let fields = 0;
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) fields += 1;
      else if (node.kind === Kind.INLINE_FRAGMENT) fields += count(node.selectionSet);
      else fields += counted(node.name.value);
    }
    return fields;
  };
  const memo = new Map<string, number>();
  const counted = (name: string): number => {
    const known = memo.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    const fields = fragment ? count(fragment.selectionSet) : 0;
    memo.set(name, fields);
    return fields;
  };
  return count(operation.selectionSet);
}

function check(measure: Measure, actual: number): void {
  const limit = limits[measure];
  if (actual > limit) throw tooComplex(nouns[measure], limit, actual);
}

/** @param noun - what there is too much of, in the plural */
export function tooComplex(noun: string, limit: number, actual?: number): ServerKitError {
  const has = actual === undefined ? 'more' : `${actual}`;
  return new ServerKitError(
    'QUERY_TOO_COMPLEX',
    `A document may have ${limit} ${noun}, this one has ${has}. Split it, or ask for less.`,
    { details: { limit, ...(actual !== undefined && { actual }) } },
  );
}
