import SchemaBuilder from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { OperationContext } from './context.ts';

/** The builder of the agent's schema. It defines no types: each noun does so in its own folder. */
export const builder = new SchemaBuilder<{
  Context: OperationContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    SafeInt: { Input: number; Output: number };
  };
}>({ defaultFieldNullability: false });

function safeInt(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError(`SafeInt must be a whole number between -(2^53 - 1) and 2^53 - 1.`);
}

builder.scalarType('SafeInt', {
  description: 'A whole number up to 2^53 - 1 (bytes, milliseconds), as a JSON number.',
  serialize: safeInt,
  parseValue: safeInt,
});

builder.queryType({
  description: 'Reads. What a field needs is checked three times: operation, server, this host.',
});
builder.mutationType({
  description:
    'Changes. Each is written to the journal before and after it happens, but for what is typed into terminals.',
});
builder.subscriptionType({ description: 'Streams, which end when the control plane completes them.' });
