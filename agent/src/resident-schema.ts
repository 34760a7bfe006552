import { builder } from './builder.ts';
import './docker/schema.ts';
import './jobs/schema.ts';
import './self/keys-schema.ts';
import './self/schema.ts';
import './system/schema.ts';
import type { Schemas } from './link/documents.ts';

/**
 * What every link asks for from its first moment; the rest is loaded when somebody asks for it. An agent that only watches
 * is 5 MB smaller for it.
 */
export const schemas: Schemas = {
  resident: builder.toSchema({ sortSchema: false }),
  whole: async () => (await import('./schema.ts')).schema,
};
