import {
  getArgumentValues,
  getNamedType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { FieldComplexity } from '@pothos/plugin-complexity';
import type { RequestContext } from '../context.ts';

/** How many items a list is taken to have when nothing says how many. */
const guessedItems = 10;

interface Question {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
  /** Of a connection when the query does not say. */
  readonly pageSize: number;
}

declare module 'graphql' {
  // oxlint-disable-next-line no-explicit-any -- the parameters must repeat those of the original
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs = any> {
    complexity?: FieldComplexity<RequestContext, Record<string, unknown>>;
  }
}

/**
 * How many fields the answer may come to: each counts 1 unless it says otherwise (Pothos's `complexity`), what lies
 * below a list counts once for each item, and the lists of a connection have as many items as `first` or `last` asks
 * for. For documents that passed validation.
 */
export function costOf(question: Question): number {
  const { schema, document, operation } = question;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }

  const ofSelections = (set: SelectionSetNode, type: GraphQLNamedType, page: number | undefined): number => {
    let total = 0;
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        total += ofField(node, type, page);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      if (fragment) total += ofSelections(fragment.selectionSet, condition ?? type, page);
    }
    return total;
  };

  const ofField = (node: FieldNode, parent: GraphQLNamedType, page: number | undefined): number => {
    const field =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    // `__typename` and what introspection answers, which is bounded by the schema.
    if (!field) return 1;
    const own = ownCost(field, node, question);
    if (!node.selectionSet) return own.field;
    const type = getNamedType(field.type);
    const isConnection = type.name.endsWith('Connection');
    const items = isList(field.type) ? (page ?? own.multiplier ?? guessedItems) : (own.multiplier ?? 1);
    const below = ofSelections(
      node.selectionSet,
      type,
      isConnection ? pageSize(field, node, question) : undefined,
    );
    return own.field + below * Math.max(items, 1);
  };

  const root = schema.getRootType(operation.operation);
  return root ? ofSelections(operation.selectionSet, root, undefined) : 0;
}

type Field = GraphQLField<unknown, unknown>;

function ownCost(
  field: Field,
  node: FieldNode,
  { variables, context }: Question,
): { field: number; multiplier?: number } {
  let weight = field.extensions.complexity;
  if (typeof weight === 'function') {
    weight = weight(getArgumentValues(field, node, variables), context, field);
  }
  if (typeof weight === 'number') return { field: weight };
  return {
    field: weight?.field ?? 1,
    ...(weight?.multiplier !== undefined && { multiplier: weight.multiplier }),
  };
}

function pageSize(field: Field, node: FieldNode, question: Question): number {
  const { first, last } = getArgumentValues(field, node, question.variables);
  if (typeof first === 'number') return first;
  return typeof last === 'number' ? last : question.pageSize;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(type) || (isNonNullType(type) && isListType(type.ofType));
}
