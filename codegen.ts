import { existsSync } from 'node:fs';
import type { CodegenConfig } from '@graphql-codegen/cli';

type Output = Extract<CodegenConfig['generates'][string], { preset?: unknown }>;

/**
 * Typed documents, generated from the two printed contracts. Generated folders are never committed:
 *
 * - `api/src/generated/agent/` from `wire/agent.graphql` and the documents in `api/src/**\/operations.ts`;
 * - `client/src/generated/operations.ts` from `api/schema.graphql` and the documents in `client/operations`;
 * - `web/src/lib/generated/` from `api/schema.graphql` and the documents beside the components that use them.
 *
 * In the API and the dashboard, write a document as ``graphql(`query Name { … }`)`` with `graphql` from the folder's `index.ts`.
 */
const scalars = {
  BigInt: 'number',
  Byte: 'string',
  DateTime: 'string',
  JSON: 'unknown',
  JSONObject: 'Record<string, unknown>',
  NonNegativeInt: 'number',
  SafeInt: 'number',
};

/** Erasable TypeScript with `.ts` endings, because Node runs the output as it is. */
const shared = {
  preset: 'client',
  presetConfig: { fragmentMasking: false },
  config: {
    scalars,
    strictScalars: false,
    defaultScalarType: 'unknown',
    enumsAsTypes: true,
    useTypeImports: true,
    importExtension: '.ts',
    skipTypename: true,
  },
} as const satisfies Output;

/** A room that has not been printed yet is left out, so that a fresh contract can be written in any order. */
function outputs(): Record<string, Output> {
  const all: Record<string, Output> = {};
  if (existsSync('wire/agent.graphql')) {
    all['api/src/generated/agent/'] = {
      ...shared,
      schema: 'wire/agent.graphql',
      documents: ['api/src/**/operations.ts'],
    };
  }
  if (existsSync('api/schema.graphql')) {
    all['client/src/generated/enums.ts'] = {
      plugins: ['typescript'],
      config: { ...shared.config, onlyEnums: true },
      schema: 'api/schema.graphql',
    };
    all['client/src/generated/operations.ts'] = {
      plugins: ['typescript-operations', 'typed-document-node'],
      // What others read and bundle: strings, and constants that a bundler may leave out.
      config: {
        ...shared.config,
        scalars: { ...scalars, ID: 'string' },
        documentMode: 'string',
        pureMagicComment: true,
        immutableTypes: true,
      },
      schema: 'api/schema.graphql',
      documents: ['client/operations/*.graphql'],
    };
    all['web/src/lib/generated/'] = {
      ...shared,
      // Plain strings instead of parsed documents: a third of the bytes, and no parser in the browser's first load.
      config: { ...shared.config, documentMode: 'string' },
      schema: 'api/schema.graphql',
      documents: ['web/src/**/*.{ts,svelte}', '!web/src/lib/generated/**'],
    };
  }
  return all;
}

const config: CodegenConfig = {
  generates: outputs(),
  ignoreNoDocuments: true,
  silent: true,
};
export default config;
