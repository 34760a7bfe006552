import { readFileSync } from 'node:fs';
import {
  buildSchema,
  getNamedType,
  isNonNullType,
  isObjectType,
  Kind,
  print,
  visit,
  visitWithTypeInfo,
  TypeInfo,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { contractVersion } from '@serverkit/wire/handshake.ts';
import { compileCheck } from './checks.ts';

/** A document as one agent understands it, ready to send. */
export interface PreparedDocument {
  readonly query: string;
  readonly operationName: string | null;
  /** Throws a ContractViolation when a result does not fit. */
  readonly check: (data: unknown) => void;
}

/** The agent lacks something the document cannot do without. */
export class Unsupported extends Error {
  /** `Type.field` that is missing. */
  readonly missing: string;

  constructor(missing: string) {
    super(`the agent's contract has no ${missing}`);
    this.missing = missing;
  }
}

export interface Contracts {
  /**
   * @param version `major.minor` as the agent said it
   * @throws Unsupported when the agent is too old for it
   */
  prepare(document: DocumentNode, version: string): PreparedDocument;
  /** Whether an agent of that version can be talked to at all. */
  speaks(version: string): boolean;
}

const wireFolder = new URL('../../../wire/', import.meta.url);

/**
 * Documents are written against the newest contract and pruned for each older one that is still served: what the
 * newest contract makes optional is left out and arrives as null, anything else missing is {@link Unsupported}.
 *
 * @param read gives the printed contract of a version, or null when it is not served
 */
export function createContracts(read: (version: string) => string | null = readContract): Contracts {
  const current = buildSchema(read(contractVersion) ?? '');
  const schemas = new Map<string, GraphQLSchema>([[contractVersion, current]]);
  const prepared = new Map<string, WeakMap<DocumentNode, PreparedDocument | Unsupported>>();

  function schemaOf(version: string): GraphQLSchema | null {
    const known = schemas.get(version);
    if (known !== undefined) return known;
    const text = read(version);
    if (text === null) return null;
    const schema = buildSchema(text);
    schemas.set(version, schema);
    return schema;
  }

  function build(document: DocumentNode, version: string): PreparedDocument | Unsupported {
    const schema = schemaOf(version);
    if (!schema) return new Unsupported(`version ${version}`);
    try {
      const pruned = schema === current ? document : prune(document, current, schema);
      const operation = operationOf(pruned);
      return {
        query: print(pruned),
        operationName: operation.name?.value ?? null,
        check: compileCheck(schema === current ? current : schema, pruned),
      };
    } catch (error) {
      if (error instanceof Unsupported) return error;
      throw error;
    }
  }

  return {
    speaks: (version) => versionPattern.test(version) && schemaOf(served(version)) !== null,
    prepare(document, agentVersion) {
      const version = served(agentVersion);
      const byDocument = prepared.get(version) ?? new WeakMap<DocumentNode, PreparedDocument | Unsupported>();
      prepared.set(version, byDocument);
      const known = byDocument.get(document) ?? build(document, version);
      byDocument.set(document, known);
      if (known instanceof Unsupported) throw known;
      return known;
    },
  };
}

function readContract(version: string): string | null {
  const file = version === contractVersion ? 'agent.graphql' : `contracts/${version}.graphql`;
  try {
    return readFileSync(new URL(file, wireFolder), 'utf8');
  } catch {
    return null;
  }
}

/** One way to write each version, and few of them: what is prepared is kept for every version there is. */
const versionPattern = /^(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})$/;

/** A newer minor only adds, so everything we may ask for is there. */
function served(version: string): string {
  return isNewerMinor(version) ? contractVersion : version;
}

/** Whether one contract is older than another; anything that is no version is. */
export function isOlder(version: string, than: string): boolean {
  const [major = -1, minor = -1] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return !(major > thanMajor || (major === thanMajor && minor >= thanMinor));
}

function isNewerMinor(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  const [ownMajor, ownMinor] = contractVersion.split('.').map(Number);
  return major === ownMajor && (minor ?? 0) > (ownMinor ?? 0);
}

function operationOf(document: DocumentNode): OperationDefinitionNode {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('a document for agents holds no operation');
  return operation;
}

/** Leaves out what `old` does not know, as long as `current` says that it may be absent. */
function prune(document: DocumentNode, current: GraphQLSchema, old: GraphQLSchema): DocumentNode {
  const types = new TypeInfo(current);
  const dropped = new Set<string>();
  const pruned = visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const parent = types.getParentType();
        const field = types.getFieldDef();
        if (!parent || !field || field.name.startsWith('__')) return undefined;
        const oldParent = old.getType(parent.name);
        const oldField = isObjectType(oldParent) ? oldParent.getFields()[field.name] : undefined;
        if (!oldField) {
          if (isNonNullType(field.type)) throw new Unsupported(`${parent.name}.${field.name}`);
          return null;
        }
        const args = (node.arguments ?? []).filter((argument) => {
          if (oldField.args.some((known) => known.name === argument.name.value)) return true;
          const definition = field.args.find((known) => known.name === argument.name.value);
          if (!definition || isNonNullType(definition.type)) {
            throw new Unsupported(`${parent.name}.${field.name}(${argument.name.value})`);
          }
          if (argument.value.kind === Kind.VARIABLE) dropped.add(argument.value.name.value);
          return false;
        });
        return args.length === (node.arguments ?? []).length ? undefined : { ...node, arguments: args };
      },
      VariableDefinition(node) {
        const type = types.getInputType();
        const name = type ? getNamedType(type).name : undefined;
        if (name !== undefined && !old.getType(name)) dropped.add(node.variable.name.value);
      },
    }),
  );
  return visit(pruned, {
    VariableDefinition: (node) => (dropped.has(node.variable.name.value) ? null : undefined),
  });
}
