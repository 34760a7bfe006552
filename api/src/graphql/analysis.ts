import {
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { scopeOf, type FieldMarks, type TypeAccess } from './access.ts';

/** What can be told about an operation by reading it. */
export interface Analysis {
  readonly operation: OperationDefinitionNode;
  /** Scopes that some selected field or type asks for. What one may see of the rest does not depend on who one is. */
  readonly scopes: ReadonlySet<Scope>;
  /** Selects something that depends on who is looking. */
  readonly perViewer: boolean;
  /** Asks about the schema itself. */
  readonly introspects: boolean;
  /** The root fields; a subscription has exactly one. */
  readonly roots: readonly RootField[];
}

export interface RootField {
  readonly marks: FieldMarks;
  readonly definition: GraphQLField<unknown, unknown>;
  /** As it is called here, with its arguments. */
  readonly node: FieldNode;
}

/** Reads every operation of a valid document; fragments count for each operation that reaches them. */
export function analyse(schema: GraphQLSchema, document: DocumentNode): Analysis[] {
  return document.definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => analyseOperation(schema, document, operation));
}

function analyseOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Analysis {
  const scopes = new Set<Scope>();
  const roots: RootField[] = [];
  let perViewer = false;
  let introspects = false;

  const note = (access: TypeAccess | undefined) => {
    const scope = scopeOf(access);
    if (scope) scopes.add(scope);
  };
  const noteType = (type: GraphQLNamedType) => {
    for (const one of isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type]) {
      if (!isObjectType(one) && !isInterfaceType(one)) continue;
      const marks = one.extensions.serverkit;
      note(marks?.access);
      if (marks?.perViewer) perViewer = true;
    }
  };
  const root: GraphQLObjectType | null | undefined = schema.getRootType(operation.operation);
  const typeInfo = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(typeInfo, {
    Field: (node) => {
      const name = node.name.value;
      const parent = typeInfo.getParentType();
      const field = typeInfo.getFieldDef();
      if (parent === root && (name === '__schema' || name === '__type')) introspects = true;
      if (!field) return;
      const marks = field.extensions.serverkit;
      note(marks?.access);
      if (marks?.perViewer) perViewer = true;
      if (parent === root && marks) roots.push({ marks, definition: field, node });
      noteType(getNamedType(field.type));
    },
  });
  for (const part of reachable(document, operation)) visit(part, visitor);
  return { operation, scopes, perViewer, introspects, roots };
}

/** An operation and the fragments it uses, directly or through others. */
function reachable(document: DocumentNode, operation: OperationDefinitionNode) {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const parts = new Set<OperationDefinitionNode | (typeof fragments)[number]>([operation]);
  // A set may grow while it is walked: what is added is visited too.
  for (const part of parts) {
    visit(part, {
      FragmentSpread: ({ name }) => {
        const used = fragments.find((fragment) => fragment.name.value === name.value);
        if (used) parts.add(used);
      },
    });
  }
  return parts;
}
