import { globSync, readFileSync } from 'node:fs';
import { buildSchema, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';

/** What is a person's own, done with a session by the pages of ServerKit, or by agents: no program has a use for it. */
const notForPrograms = new Set([
  'acceptInvitation',
  'beginSecondFactor',
  'changePassword',
  'completePasswordReset',
  'completeSetup',
  'completeSignIn',
  'confirmSecondFactor',
  'confirmSignIn',
  'deleteSavedFilter',
  'disableSecondFactor',
  'node',
  'oneTimeLink',
  'registerAgent',
  'renewRecoveryCodes',
  'revokeSession',
  'saveFilter',
  'savedFilters',
  'setupStatus',
  'signIn',
  'signOut',
  'updateViewer',
]);

test('there is an operation for whatever a program may ask, change or follow', () => {
  const schema = buildSchema(readFileSync('api/schema.graphql', 'utf8'));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = new Set(roots.flatMap((root) => Object.keys(root?.getFields() ?? {})));
  const documents = globSync('client/operations/*.graphql').map((file) => parse(readFileSync(file, 'utf8')));
  const used = new Set(
    documents
      .flatMap(({ definitions }) => definitions)
      .flatMap((definition) =>
        definition.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [],
      )
      .flatMap((selection) => (selection.kind === Kind.FIELD ? selection.name.value : [])),
  );
  expect([...fields].filter((field) => !used.has(field) && !notForPrograms.has(field))).toEqual([]);
  expect([...notForPrograms].filter((field) => used.has(field) || !fields.has(field))).toEqual([]);
});
