/** A fault put into the product on purpose, which the tests named with it must notice. */
export interface Mutant {
  readonly name: string;
  /** The file that is changed. */
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files that must turn red, as for `vitest run`. */
  readonly tests: readonly string[];
}

/** One per defence that nothing else would notice the loss of; `npm run test:mutants` removes them one at a time. */
export const mutants: readonly Mutant[] = [
  {
    name: 'operations need no signature',
    file: 'wire/envelope.ts',
    find: '  if (!verifyBytes(controlKey, Buffer.concat([domain, bytes]), signature)) return null;\n',
    replace: '',
    tests: ['e2e/link/hostile-operations.test.ts'],
  },
  {
    name: 'operations of another session are run',
    file: 'agent/src/link/session.ts',
    find: 'envelope.sessionId !== id',
    replace: 'false',
    tests: ['e2e/link/hostile-operations.test.ts'],
  },
  {
    name: 'operations for another agent are run',
    file: 'agent/src/link/session.ts',
    find: 'envelope.agentId !== facts.agentId',
    replace: 'false',
    tests: ['e2e/link/hostile-operations.test.ts'],
  },
  {
    name: 'operations in another message than they were signed for are run',
    file: 'agent/src/link/session.ts',
    find: 'envelope.id !== messageId',
    replace: 'false',
    tests: ['e2e/link/hostile-operations.test.ts'],
  },
  {
    name: 'operations never expire',
    file: 'agent/src/link/session.ts',
    find: 'elapsed - envelope.sessionMs > envelope.ttlMs',
    replace: 'false',
    tests: ['e2e/link/hostile-operations.test.ts'],
  },
  {
    name: 'operations can be replayed',
    file: 'agent/src/link/session.ts',
    find: 'seen.has(envelope.id)',
    replace: 'false',
    tests: ['e2e/link/hostile-operations.test.ts'],
  },
  {
    name: 'the agent does not check what an operation was authorised with',
    file: 'agent/src/link/authorise.ts',
    find: '!grants(scopes, scope)',
    replace: 'false',
    tests: ['e2e/link/agent-scopes.test.ts'],
  },
  {
    name: 'the agent does not check the permissions of its server',
    file: 'agent/src/link/authorise.ts',
    find: '!grants(serverScopes, scope)',
    replace: 'false',
    tests: ['e2e/link/agent-scopes.test.ts'],
  },
  {
    name: 'the agent does not check its own configuration',
    file: 'agent/src/link/authorise.ts',
    find: '!grants(local, scope)',
    replace: 'false',
    tests: ['e2e/link/agent-scopes.test.ts'],
  },
  {
    name: 'pages of another origin are let in',
    file: 'api/src/graphql/request-guard.ts',
    find: `originVerdict !== 'foreign' &&`,
    replace: '',
    tests: ['api/src/live/public-server.integration.test.ts'],
  },
  {
    name: 'a stolen cookie alone is enough',
    file: 'api/src/identity/sessions.ts',
    find: '!sameDigest(session.proofHash, digest(proof)) ||',
    replace: '',
    tests: ['api/src/identity/identity.integration.test.ts'],
  },
  {
    name: 'a subscription outlives the scope it needs',
    file: 'api/src/live/viewers.ts',
    find: 'if (lost) operation.fail(permissionDenied(scopeOf(lost.access)));\n    else if (same)',
    replace: 'if (same)',
    tests: ['api/src/live/public-server.integration.test.ts'],
  },
  {
    name: 'rights behind open sockets are not checked again unless someone says they changed',
    file: 'api/src/live/public-server.ts',
    find: 'setInterval(() => void this.#viewers.recheck(), recheckMs).unref(),',
    replace: '',
    tests: ['api/src/live/public-server.integration.test.ts'],
  },
  {
    name: 'a shared subscription does not tell rights apart',
    file: 'api/src/live/fan-out.ts',
    find: 'canonical(request.variables),\n      rights.key,',
    replace: 'canonical(request.variables),',
    tests: ['api/src/live/fan-out.integration.test.ts'],
  },
  {
    name: 'what depends on the viewer is shared',
    file: 'api/src/live/fan-out.ts',
    find: '|| analysis.perViewer',
    replace: '',
    tests: ['api/src/live/fan-out.integration.test.ts'],
  },
];
