import {
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type DocumentNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

/** Where and why a result does not fit the contract. */
export class ContractViolation extends Error {}

type Check = (value: unknown, path: string) => void;

/** Longest string an agent may put into one field, in UTF-16 units; logs come in pieces below it. */
const maxStringLength = 2 * 1024 * 1024;
/** Most items of one list. */
const maxListLength = 100_000;

/**
 * Compiles a document into a function that checks a result against the contract: an agent is untrusted input, and
 * what it answers must be exactly of the promised shape before any code relies on its type.
 *
 * @returns throws {@link ContractViolation} for the first thing that does not fit
 */
export function compileCheck(schema: GraphQLSchema, document: DocumentNode): (data: unknown) => void {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) throw new Error('the document holds no operation of the contract');
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  const check = objectCheck(root, operation.selectionSet);
  return (data) => check(data, '');

  function objectCheck(type: GraphQLObjectType, set: SelectionSetNode): Check {
    const fields = new Map<string, Check>();
    collect(type, set, fields);
    const entries = [...fields];
    return (value, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object');
      const record: Record<string, unknown> = { ...value };
      for (const [name, fieldCheck] of entries) fieldCheck(record[name], `${path}.${name}`);
    };
  }

  function collect(type: GraphQLObjectType, set: SelectionSetNode, into: Map<string, Check>): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const field = type.getFields()[selection.name.value];
        if (!field) throw new Error(`the contract has no ${type.name}.${selection.name.value}`);
        // Selected twice, by two fragments for example, with other fields below: both must fit.
        const [before, now] = [into.get(name), typeCheck(field.type, selection.selectionSet)];
        into.set(name, before ? both(before, now) : now);
      } else {
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT
            ? selection.selectionSet
            : fragments.get(selection.name.value);
        if (inner) collect(type, inner, into);
      }
    }
  }

  function typeCheck(type: GraphQLOutputType, set: SelectionSetNode | undefined): Check {
    if (isNonNullType(type)) {
      const inner = typeCheck(type.ofType, set);
      return (value, path) => {
        if (value === null || value === undefined) throw wrong(path, 'a value');
        inner(value, path);
      };
    }
    const inner = nullableCheck(type, set);
    return (value, path) => {
      if (value !== null && value !== undefined) inner(value, path);
    };
  }

  function nullableCheck(type: GraphQLOutputType, set: SelectionSetNode | undefined): Check {
    if (isListType(type)) {
      const item = typeCheck(type.ofType, set);
      return (value, path) => {
        if (!Array.isArray(value)) throw wrong(path, 'a list');
        if (value.length > maxListLength) throw wrong(path, `at most ${maxListLength} items`);
        for (const element of value) item(element, path);
      };
    }
    if (isObjectType(type) && set) return objectCheck(type, set);
    if (isEnumType(type)) {
      const names = new Set(type.getValues().map((value) => value.name));
      return (value, path) => {
        if (typeof value !== 'string' || !names.has(value)) throw wrong(path, `one of ${type.name}`);
      };
    }
    if (isScalarType(type)) return scalarCheck(type.name);
    throw new Error(`the contract's type ${String(type)} cannot be checked`);
  }
}

function both(first: Check, second: Check): Check {
  return (value, path) => {
    first(value, path);
    second(value, path);
  };
}

function scalarCheck(name: string): Check {
  switch (name) {
    case 'ID':
    case 'String':
      return (value, path) => {
        if (typeof value !== 'string') throw wrong(path, 'text');
        if (value.length > maxStringLength) throw wrong(path, `at most ${maxStringLength} characters`);
      };
    case 'Boolean':
      return (value, path) => {
        if (typeof value !== 'boolean') throw wrong(path, 'true or false');
      };
    case 'Float':
      return (value, path) => {
        if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(path, 'a finite number');
      };
    case 'Int':
      return (value, path) => {
        if (typeof value !== 'number' || (value | 0) !== value)
          throw wrong(path, 'a whole number of 32 bits');
      };
    case 'SafeInt':
      return (value, path) => {
        if (!Number.isSafeInteger(value)) throw wrong(path, 'a whole number up to 2^53');
      };
    default:
      throw new Error(`the contract's scalar ${name} has no check`);
  }
}

function wrong(path: string, expected: string): ContractViolation {
  return new ContractViolation(`${path.slice(1) || 'the result'} is not ${expected}`);
}
