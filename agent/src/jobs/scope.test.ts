import { graphql, subscribe, parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperationContext } from '../context.ts';
import { schema } from '../schema.ts';
import { testJobs, type TestJobs } from './testing.ts';

let jobs: TestJobs;
let id: string;
beforeAll(async () => {
  jobs = await testJobs();
  ({ id } = jobs.begin({
    scope: 'docker:images:write',
    run: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      }),
  }));
});
afterAll(() => jobs[Symbol.asyncDispose]());

/** Only what these fields look at. */
function contextWith(...scopes: readonly string[]) {
  const context: Pick<OperationContext, 'signal'> & { scopes: ReadonlySet<string>; services: object } = {
    scopes: new Set(scopes),
    signal: new AbortController().signal,
    services: { jobs: jobs.service },
  };
  return context;
}

const denied = { extensions: { code: 'SCOPE_DENIED' } };

test('a job is followed with the scope it was begun with, and with no other', async () => {
  const document = parse(
    'subscription ($id: ID!) { jobEvents(id: $id, after: 0, windowBytes: 1) { job { id } } }',
  );
  const answer = await subscribe({
    schema,
    document,
    variableValues: { id },
    contextValue: contextWith('docker:images:read'),
  });
  expect(answer).toMatchObject({ errors: [denied] });
});

test('a job is cancelled with the scope it was begun with, and with no other', async () => {
  const cancel = (scope: string) =>
    graphql({
      schema,
      source: 'mutation ($id: ID!) { cancelJob(id: $id) { id } }',
      variableValues: { id },
      contextValue: contextWith(scope),
    });
  expect(await cancel('docker:containers:write')).toMatchObject({ errors: [denied] });
  expect(jobs.service.get(id)?.state).toBe('RUNNING');
  expect(await cancel('docker:images:write')).toMatchObject({ data: { cancelJob: { id } } });
});

test('what came of a job is told to those who hold the scope that it was begun with, and its state to all', async () => {
  const done = jobs.begin({ scope: 'docker:images:write', run: () => Promise.resolve({ digest: 'told' }) });
  await done.ended;
  const ask = (scope: string) =>
    graphql({
      schema,
      source: 'query ($id: ID!) { job(id: $id) { state result } }',
      variableValues: { id: done.id },
      contextValue: contextWith(scope),
    });
  expect(await ask('docker:images:read')).toMatchObject({
    data: { job: { state: 'SUCCEEDED', result: null } },
  });
  expect(await ask('docker:images:write')).toMatchObject({ data: { job: { result: '{"digest":"told"}' } } });
});
