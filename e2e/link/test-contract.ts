import { buildSchema, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { OperationContext } from '../../agent/src/context.ts';
import { AgentError, throwIfAborted } from '../../agent/src/errors.ts';
import { scoped, type FieldScope } from '../../agent/src/scoped.ts';
import { source } from '../../agent/src/source.ts';

/** What the fields of the test contract did, for tests to look at. */
export interface Traces {
  /** Side effects that happened, by the marker they were asked with. */
  readonly marks: string[];
  /** Operations that are waiting inside a resolver right now. */
  readonly waiting: Set<string>;
  /** Operations whose signal was aborted. */
  readonly aborted: string[];
  /** Called whenever one of the above changes. */
  changed(): void;
  /** Lets a held mutation go on. */
  release?: () => void;
}

export const testSdl = /* GraphQL */ `
  type Query {
    ping: Float!
    echo(text: String!): String!
    hang: Boolean!
    big(characters: Int!): String!
    crash: String!
    unscoped: Boolean!
    operationOutcome(id: ID!): OperationOutcome!
  }

  enum OutcomeState {
    UNKNOWN
    STARTED
    INTERRUPTED
    SUCCEEDED
    FAILED
    REFUSED
  }

  type OperationOutcome {
    state: OutcomeState!
    errorCode: String
    errorMessage: String
  }

  type Mutation {
    mark(text: String!): Boolean!
    "Does its side effect at once, and answers only when released."
    markThenHold(text: String!): Boolean!
    hangBefore: Boolean!
    "Takes a scope that no wildcard but * grants."
    shell: Boolean!
    fail: Boolean!
    rotateKey(rotationId: ID!): KeySuccession!
    adoptKey(rotationId: ID!, approvedBy: ID!, approval: String!): Boolean!
    dropKey(rotationId: ID!): Boolean!
  }

  type KeySuccession {
    rotationId: ID!
    oldKey: String!
    newKey: String!
    signedByOld: String!
    signedByNew: String!
  }

  type Subscription {
    silent: Boolean!
    count(to: Int!): Int!
    bulk(pieces: Int!, windowBytes: Int!): String!
    watched: Boolean!
  }
`;

/** Every argument of this contract; each field uses those its SDL gives it. */
interface Args {
  readonly text: string;
  readonly id: string;
  readonly characters: number;
  readonly to: number;
  readonly pieces: number;
  readonly rotationId: string;
  readonly approvedBy: string;
  readonly approval: string;
}

type Resolve = GraphQLFieldResolver<unknown, OperationContext, Args>;

interface Field {
  readonly scope?: FieldScope;
  readonly resolve?: Resolve;
  readonly subscribe?: Resolve;
}

/** A contract whose fields hang, stream and fail on request: what the link must bear, without Docker in between. */
export function testContract(traces: Traces): GraphQLSchema {
  const enter = ({ operationId }: OperationContext): void => {
    traces.waiting.add(operationId);
    traces.changed();
  };
  const leave = ({ operationId }: OperationContext): void => {
    traces.waiting.delete(operationId);
    traces.aborted.push(operationId);
    traces.changed();
  };
  const mark = (text: string): void => {
    traces.marks.push(text);
    traces.changed();
  };
  const aborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const hold: Resolve = async (_root, _args, context) => {
    enter(context);
    await aborted(context.signal);
    leave(context);
    throw new AgentError('CANCELLED', 'cancelled');
  };
  const itself: Resolve = (value) => value;
  const silence: Resolve = (_root, _args, context) =>
    source<boolean>(context.signal, async ({ signal }) => {
      enter(context);
      await aborted(signal);
      leave(context);
    });

  const fields: Record<'Query' | 'Mutation' | 'Subscription', Record<string, Field>> = {
    Query: {
      ping: { scope: 'link', resolve: () => performance.now() },
      echo: { scope: 'system:metrics:read', resolve: (_root, { text }) => text },
      hang: { scope: 'link', resolve: hold },
      big: { scope: 'link', resolve: (_root, { characters }) => 'x'.repeat(characters) },
      crash: {
        scope: 'link',
        resolve: () => {
          throw new Error('password=hunter2 at /etc/shadow');
        },
      },
      unscoped: { resolve: () => true },
      operationOutcome: {
        scope: 'link',
        resolve: (_root, { id }, { services }) => services.journal.outcome(id),
      },
    },
    Mutation: {
      mark: {
        scope: 'docker:containers:write',
        resolve: (_root, { text }, { signal }) => {
          throwIfAborted(signal);
          mark(text);
          return true;
        },
      },
      markThenHold: {
        scope: 'docker:containers:write',
        resolve: async (_root, { text }, { signal }) => {
          throwIfAborted(signal);
          const released = new Promise<void>((resolve) => (traces.release = resolve));
          mark(text);
          await released;
          return true;
        },
      },
      shell: {
        scope: 'docker:containers:exec',
        resolve: () => {
          mark('shell');
          return true;
        },
      },
      fail: {
        scope: 'docker:containers:write',
        resolve: () => {
          throw new AgentError('CONFLICT', 'It is running already.');
        },
      },
      hangBefore: { scope: 'docker:containers:write', resolve: hold },
      rotateKey: {
        scope: 'link',
        resolve: (_root, { rotationId }, { services, keySession }) =>
          services.keyring.rotate(rotationId, keySession),
      },
      adoptKey: {
        scope: 'link',
        resolve: (_root, { rotationId, approvedBy, approval }, { services, keySession }) => {
          services.keyring.adopt(rotationId, { keyId: approvedBy, signature: approval }, keySession);
          return true;
        },
      },
      dropKey: {
        scope: 'link',
        resolve: (_root, { rotationId }, { services, keySession }) => {
          services.keyring.drop(rotationId, keySession);
          return true;
        },
      },
    },
    Subscription: {
      silent: {
        scope: 'link',
        resolve: itself,
        subscribe: silence,
      },
      watched: {
        scope: 'system:metrics:read',
        resolve: itself,
        subscribe: silence,
      },
      count: {
        scope: 'link',
        resolve: itself,
        subscribe: (_root, { to }, context) =>
          source<number>(context.signal, async ({ push }) => {
            for (let n = 1; n <= to; n += 1) await push(n);
          }),
      },
      bulk: {
        scope: 'link',
        resolve: itself,
        subscribe: (_root, { pieces }, context) =>
          source<string>(context.signal, async ({ push }) => {
            const piece = 'b'.repeat(16 * 1024);
            for (let n = 0; n < pieces; n += 1) {
              await context.credits.take(piece.length);
              mark('piece');
              await push(piece);
            }
          }),
      },
    },
  };

  const schema = buildSchema(testSdl);
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      const given = Object.entries(fields).find(([kind]) => kind === type?.name)?.[1][name];
      if (given?.scope) field.extensions = scoped(given.scope).extensions;
      if (given?.resolve) field.resolve = given.resolve;
      if (given?.subscribe) field.subscribe = given.subscribe;
    }
  }
  return schema;
}
