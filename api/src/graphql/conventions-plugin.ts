import SchemaBuilder, {
  BasePlugin,
  type PothosInputFieldConfig,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
} from '@pothos/core';

/**
 * Describes what is the same everywhere, so that each domain describes only what is its own: pages of lists, the input
 * and the answer of a mutation, ids. A description of a domain's own wins. Nothing is left without one: schema.test.ts.
 */
const name = 'conventions';
export default name;

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      conventions: ConventionsPlugin<Types>;
    }
  }
}

const pageFields: Readonly<Record<string, string>> = {
  edges: 'The entries of this page, each with its cursor.',
  nodes: 'The entries of this page by themselves.',
  pageInfo: 'Whether there are more, and where to go on.',
  totalCount: 'All entries, on this page or not.',
};

const edgeFields: Readonly<Record<string, string>> = {
  cursor: 'Names this place in the list, for `after` and `before`.',
  node: 'The entry.',
};

const pageInfoFields: Readonly<Record<string, string>> = {
  endCursor: 'The last entry of this page: give it as `after` for the next; null when the page is empty.',
  hasNextPage: 'Whether there are entries after this page.',
  hasPreviousPage: 'Whether there are entries before this page.',
  startCursor:
    'The first entry of this page: give it as `before` for the one before; null when the page is empty.',
};

const pageArguments: Readonly<Record<string, string>> = {
  after: 'Only entries after this cursor.',
  before: 'Only entries before this cursor.',
  first:
    'At most so many, from the begin of the list; 50 when neither `first` nor `last` is given, 500 at most.',
  last: 'At most so many, from the end of the list; 500 at most.',
};

/** Names that mean the same wherever they stand. */
const targets: Readonly<Record<string, string>> = {
  containerId: "The container, by Docker's id or its name.",
  invitationId: 'The invitation, by its id.',
  serverId: 'The server, by its id.',
  sessionId: 'The session, by its id.',
  terminalId: 'The terminal, by its id.',
  userId: 'The user, by their id.',
};

const inputs: Readonly<Record<string, string>> = {
  ...targets,
  clientMutationId: 'Not used: GraphQL knows no input without fields.',
};

const outputs: Readonly<Record<string, string>> = {
  ...targets,
  createdAt: 'When it was made.',
  expiresAt: 'Until when it can be used.',
  id: 'Opaque.',
  ok: 'Always true: what fails answers an error.',
};

const otherArguments: Readonly<Record<string, string>> = {
  ...targets,
  filter: 'Only these.',
};

/** `CreateServerInput` and `Input` make `createServer`. */
function mutationOf(typeName: string, ending: string): string {
  const stem = typeName.slice(0, -ending.length);
  return stem.charAt(0).toLowerCase() + stem.slice(1);
}

function describeType({ name: typeName, kind }: PothosTypeConfig): string | undefined {
  if (kind === 'Query') return 'What can be asked. Over HTTP, or over a WebSocket.';
  if (kind === 'Mutation') return 'What can be changed. Each takes one `input`.';
  if (kind === 'Subscription') return 'What can be followed, over a WebSocket.';
  if (kind === 'InputObject' && typeName.endsWith('Input')) {
    return `What \`${mutationOf(typeName, 'Input')}\` is told.`;
  }
  if (kind !== 'Object') return undefined;
  if (typeName === 'PageInfo') return 'Where a page stands in its list (Relay cursor connections).';
  if (typeName.endsWith('Connection')) return 'A page of a list.';
  if (typeName.endsWith('Edge')) return 'An entry of a list.';
  if (typeName.endsWith('Payload')) return `What \`${mutationOf(typeName, 'Payload')}\` answers.`;
  return undefined;
}

function describeField(parentType: string, field: string): string | undefined {
  if (parentType === 'PageInfo') return pageInfoFields[field];
  if (parentType.endsWith('Connection')) return pageFields[field];
  if (parentType.endsWith('Edge')) return edgeFields[field];
  return outputs[field] ?? removedOf(field);
}

/** `deletedServerId` names a server that is gone. */
function removedOf(field: string): string | undefined {
  const [, noun] = /^(?:deleted|removed|revoked)([A-Z]\w*)Id$/.exec(field) ?? [];
  return noun && `The ${noun.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()} that is gone.`;
}

export class ConventionsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(config: PothosTypeConfig): PothosTypeConfig {
    config.description ??= describeType(config);
    return config;
  }

  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    config.description ??= describeField(config.parentType, config.name);
    return config;
  }

  override onInputFieldConfig(config: PothosInputFieldConfig<Types>): PothosInputFieldConfig<Types> {
    config.description ??=
      config.kind === 'InputObject'
        ? inputs[config.name]
        : config.parentType === 'Mutation' && config.name === 'input'
          ? 'What to do, and to what.'
          : (pageArguments[config.name] ?? otherArguments[config.name]);
    return config;
  }
}

SchemaBuilder.registerPlugin(name, ConventionsPlugin);
