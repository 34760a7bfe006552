import {
  GraphQLError,
  Kind,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { sha256 } from '@serverkit/wire/bytes.ts';
import { AgentError } from '../errors.ts';

/** Characters: comments and block strings are few tokens and many bytes, and documents are kept. */
const maxLength = 64 * 1024;
const maxTokens = 4_000;
const maxDepth = 12;
const maxCached = 512;

/** A document that fits the schema, with the one operation that will run. */
export interface Prepared {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Names of the fields asked of the root type, each once. */
  readonly rootFields: readonly string[];
}

/** What an agent serves: the part that is always asked for, and the whole, whose code stays unread until it is. */
export interface Schemas {
  readonly resident: GraphQLSchema;
  /** @default the resident part is the whole */
  readonly whole?: () => Promise<GraphQLSchema>;
}

/** A document and the schema that it fits. */
export interface Fitted extends Prepared {
  readonly schema: GraphQLSchema;
}

/** @throws AgentError when the document fits no schema; whatever needs no loading is answered at once */
export type Documents = (query: string, operationName: string | null) => Fitted | Promise<Fitted>;

/**
 * Prepares documents against the resident schema, until one comes that does not fit it: that one waits for the whole
 * schema, and from then on the whole serves everything.
 */
export function createDocuments({ resident, whole }: Schemas): Documents {
  let prepareNow = preparing(resident);
  let load = whole;
  let loading: Promise<void> | undefined;

  async function loaded(from: () => Promise<GraphQLSchema>): Promise<void> {
    try {
      prepareNow = preparing(await from());
      load = undefined;
    } finally {
      loading = undefined;
    }
  }

  return (query, operationName) => {
    try {
      return prepareNow(query, operationName);
    } catch (error) {
      if (!load) throw error;
      loading ??= loaded(load);
      return loading.then(() => prepareNow(query, operationName));
    }
  };
}

function preparing(schema: GraphQLSchema): (query: string, operationName: string | null) => Fitted {
  const prepareDocument = createDocumentCache(schema);
  return (query, operationName) => ({ schema, ...prepareDocument(query, operationName) });
}

/**
 * Parses and validates documents, remembering the outcome by hash: returning arguments from a graphql-ws hook
 * switches off the library's own validation, so nothing but this stands before execution.
 */
export function createDocumentCache(
  schema: GraphQLSchema,
): (query: string, operationName: string | null) => Prepared {
  const cache = new Map<string, Prepared>();
  return (query, operationName) => {
    const key = sha256(`${operationName ?? ''}\0${query}`).toString('base64');
    const known = cache.get(key);
    if (known) return known;
    const prepared = prepare(schema, query, operationName);
    if (cache.size >= maxCached) cache.delete(cache.keys().next().value ?? '');
    cache.set(key, prepared);
    return prepared;
  };
}

function prepare(schema: GraphQLSchema, query: string, operationName: string | null): Prepared {
  if (query.length > maxLength) throw invalid(`longer than ${maxLength} characters`);
  let document: DocumentNode;
  try {
    document = parse(query, { maxLexicalTokens: maxTokens, noLocation: true });
  } catch (cause) {
    throw invalid(cause instanceof GraphQLError ? cause.message : 'the document cannot be parsed');
  }
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length !== 1) throw invalid('the document must hold exactly one operation');
  if (operationName !== null && operation.name?.value !== operationName) {
    throw invalid('the operation has another name');
  }
  const [problem] = validate(schema, document, undefined, { maxErrors: 1 });
  if (problem) throw invalid(problem.message);
  const walker = createWalker(document);
  if (walker.depthOf(operation.selectionSet, new Set()) > maxDepth)
    throw invalid(`deeper than ${maxDepth} levels`);
  const rootFields = walker.rootFieldsOf(operation.selectionSet);
  // The journal and the audit speak of one change per operation id.
  if (operation.operation === 'mutation' && walker.rootCount(operation.selectionSet) !== 1) {
    throw invalid('a mutation must ask for exactly one field');
  }
  return { document, operation, rootFields };
}

function invalid(why: string): AgentError {
  return new AgentError('DOCUMENT_INVALID', `The operation does not fit this agent: ${why}`);
}

function createWalker(document: DocumentNode) {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );

  function depthOf(set: SelectionSetNode | undefined, inside: ReadonlySet<string>): number {
    if (!set) return 0;
    return Math.max(
      0,
      ...set.selections.map((selection) => {
        if (selection.kind === Kind.FIELD) return 1 + depthOf(selection.selectionSet, inside);
        if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet, inside);
        const name = selection.name.value;
        return inside.has(name) ? maxDepth + 1 : depthOf(fragments.get(name), new Set([...inside, name]));
      }),
    );
  }

  function rootNames(set: SelectionSetNode | undefined): string[] {
    return (set?.selections ?? []).flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection.name.value];
      if (selection.kind === Kind.INLINE_FRAGMENT) return rootNames(selection.selectionSet);
      return rootNames(fragments.get(selection.name.value));
    });
  }

  return {
    depthOf,
    rootFieldsOf: (set: SelectionSetNode) => [...new Set(rootNames(set))],
    rootCount: (set: SelectionSetNode) => rootNames(set).length,
  };
}
