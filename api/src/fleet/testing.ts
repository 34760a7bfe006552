import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { TestLink, TestRing, type TestServer } from '../metrics/testing.ts';

const scopes: ReadonlySet<Scope> = new Set<Scope>(['docker:compose:write', 'docker:images:write']);

/** An agent that takes every job it is given and ends it when the test says so. */
export function workingAgent(server: TestServer) {
  /** Names of the mutations that it was sent. */
  const asked: string[] = [];
  const link = Object.assign(new TestLink(server, new TestRing()), {
    scopes,
    run<Result, Variables>(document: TypedDocumentNode<Result, Variables>): Promise<never> {
      const operation = document.definitions.find((node) => node.kind === 'OperationDefinition');
      asked.push(operation?.name?.value ?? '');
      // What is deployed in these tests takes no secrets.
      return Promise.resolve<never>(JSON.parse('{ "stackSecrets": { "needed": [], "before": [] } }'));
    },
  });
  const say = (job: object): void => {
    const now = Date.now();
    const unsaid = { id: '', step: null, startedAt: now, errorCode: null, errorMessage: null, result: null };
    link.emit('AgentJobEvents', {
      jobEvents: { lines: [], progress: [], job: { ...unsaid, finishedAt: now, ...job } },
    });
    link.end('AgentJobEvents');
  };
  return {
    link,
    asked,
    get isFollowed(): boolean {
      return link.running.includes('AgentJobEvents');
    },
    succeed: (result: object) => say({ state: 'SUCCEEDED', result: JSON.stringify(result) }),
    fail: () => say({ state: 'FAILED', errorCode: 'DOCKER_ERROR', errorMessage: 'no space left on device' }),
    cancelled: () => say({ state: 'CANCELLED' }),
  };
}

export type WorkingAgent = ReturnType<typeof workingAgent>;
