import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ValidationPlugin from '@pothos/plugin-validation';
import { getDatamodel, type default as PrismaTypes } from '@serverkit/prisma/generated/pothos.ts';
import { GraphQLDateTime, GraphQLJSON, GraphQLSafeInt } from 'graphql-scalars';
import { isFresh, type RequestContext } from './context.ts';
import { judge } from './graphql/access.ts';
import AccessPlugin from './graphql/access-plugin.ts';
import ConventionsPlugin from './graphql/conventions-plugin.ts';
import { invalidInput } from './graphql/input-errors.ts';
import { refusal, staleSession } from './graphql/refusals.ts';

/** A page of a connection when `first` and `last` are absent, and the most that may be asked for. */
export const defaultPageSize = 50;
export const maxPageSize = 500;

/** The one builder. Domains import it and add their types to it; schema.ts imports the domains. */
export const builder = new SchemaBuilder<{
  Context: RequestContext;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    SafeInt: { Input: number; Output: number };
    JSON: { Input: unknown; Output: unknown };
    ID: { Input: string; Output: string };
  };
}>({
  plugins: [AccessPlugin, ConventionsPlugin, ComplexityPlugin, PrismaPlugin, RelayPlugin, ValidationPlugin],
  defaultFieldNullability: false,
  prisma: {
    client: (context) => context.db.prisma,
    dmmf: getDatamodel(),
    defaultConnectionSize: defaultPageSize,
    maxConnectionSize: maxPageSize,
  },
  relay: {
    cursorType: 'String',
    edgesFieldOptions: { nullable: { list: false, items: false } },
    nodeFieldOptions: { nullable: false },
    nodesOnConnection: true,
    // graphql/node.ts has a Node of its own: ids are the database's, not encoded.
    nodeTypeOptions: { access: 'inherited' },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: { access: 'inherited' },
    defaultConnectionTypeOptions: { access: 'inherited' },
    defaultEdgeTypeOptions: { access: 'inherited' },
  },
  access: {
    authorize(need, context, asked) {
      const verdict = judge(context.principal, need);
      if (verdict !== 'granted') throw refusal(context, asked, need, verdict);
    },
    requireFresh(context, asked) {
      if (!isFresh(context.principal)) throw staleSession(context, asked);
    },
  },
  validation: { validationError: invalidInput },
  // Weights only: graphql/limits.ts adds them up before anything runs, on both transports.
  complexity: { defaultComplexity: 1, defaultListMultiplier: 10, disabled: true },
});

builder.addScalarType('DateTime', GraphQLDateTime, {
  description: 'An instant, RFC 3339 in UTC with milliseconds.',
});
builder.addScalarType('SafeInt', GraphQLSafeInt, {
  description: 'A whole number up to 2^53 - 1, for bytes and milliseconds.',
});
builder.addScalarType('JSON', GraphQLJSON, { description: 'Any JSON value.' });
builder.queryType({});
builder.mutationType({});
builder.subscriptionType({});
