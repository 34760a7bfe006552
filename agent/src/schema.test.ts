import { agentScopes } from '@serverkit/wire/scopes.ts';
import { expect, test } from 'vitest';
import { schema } from './schema.ts';

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
const rootFields = roots.flatMap((type) => Object.values(type?.getFields() ?? {}));

test.each(rootFields.map((field) => [field.name, field.extensions['scope']]))(
  '%s names the scope it takes',
  (_name, scope) => {
    expect(['link', ...agentScopes]).toContain(scope);
  },
);

test('no change of the host is open to whoever merely holds a link', () => {
  const changes = Object.values(schema.getMutationType()?.getFields() ?? {});
  const open = changes.filter((field) => field.extensions['scope'] === 'link');
  // These change how the link itself is proven, and nothing else; a job's scope is looked at once the job is known.
  expect(open.map(({ name }) => name).toSorted()).toEqual(['adoptKey', 'cancelJob', 'dropKey', 'rotateKey']);
});

test('what only reads never asks for a scope that writes', () => {
  const reads = Object.values(schema.getQueryType()?.getFields() ?? {});
  expect(reads.filter((field) => String(field.extensions['scope']).endsWith(':write'))).toEqual([]);
});
