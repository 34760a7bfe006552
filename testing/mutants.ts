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
  {
    name: 'a session without a fresh password makes sensitive changes',
    file: 'api/src/graphql/access-plugin.ts',
    find: 'requireFresh(context, info);',
    replace: '{}',
    tests: ['api/src/graphql/access.test.ts'],
  },
  {
    name: 'a code of the second factor counts twice',
    file: 'api/src/identity/second-factors.ts',
    find: 'where: { userId, lastStep: { lt: step } },',
    replace: 'where: { userId },',
    tests: ['api/src/identity/second-factor.integration.test.ts'],
  },
  {
    name: 'a recovery code counts twice',
    file: 'api/src/identity/second-factors.ts',
    find: 'codeHash: recoveryCodeHash(userId, code), usedAt: null }',
    replace: 'codeHash: recoveryCodeHash(userId, code) }',
    tests: ['api/src/identity/second-factor.integration.test.ts'],
  },
  {
    name: 'who manages users lays hands on those with more rights',
    file: 'api/src/identity/people.ts',
    find: 'if (holdsRole(by.principal, role)) return;',
    replace: 'if (holdsRole(by.principal, role) || by) return;',
    tests: ['api/src/identity/people.integration.test.ts'],
  },
  {
    name: 'the last administrator can be locked out',
    file: 'api/src/identity/people.ts',
    find: 'if (others > 0) return;',
    replace: 'if (others >= 0) return;',
    tests: ['api/src/identity/people.integration.test.ts'],
  },
  {
    name: 'two administrators lock each other out at the same time',
    file: 'api/src/identity/people.ts',
    find: `SELECT pg_advisory_xact_lock(hashtext('serverkit.people'))`,
    replace: 'SELECT 1',
    tests: ['api/src/identity/people.integration.test.ts'],
  },
  {
    name: 'an invitation outlives the rights of who made it',
    file: 'api/src/identity/invitations.ts',
    find: 'mayManage(access, createdBy, role)',
    replace: 'true',
    tests: ['api/src/identity/links.integration.test.ts'],
  },
  {
    name: 'a token may do more than its owner',
    file: 'api/src/tokens/service.ts',
    find: 'rights: intersection(own, access.rightsOf(row)),',
    replace: 'rights: intersection(own, own),',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
  {
    name: 'a token works after its end',
    file: 'api/src/tokens/service.ts',
    find: 'if (!works(row) || ',
    replace: 'if (',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
  {
    name: 'a token works from everywhere',
    file: 'api/src/tokens/service.ts',
    find: ' || !mayComeFrom(row, address)',
    replace: '',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
  {
    name: 'the id of a token is enough',
    file: 'api/src/tokens/service.ts',
    find: '!isSecretOf(row?.secretHash, claim.secret) || ',
    replace: '',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
  {
    name: 'patterns give a token what amounts to root',
    file: 'api/src/tokens/scopes.ts',
    find: '!namedScopes.has(scope) || ',
    replace: 'scope || ',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
  {
    name: 'a token counts beside a session',
    file: 'api/src/graphql/authentication.ts',
    find: 'if (cookie !== undefined || proof !== undefined) {',
    replace: 'if (cookie === proof && proof === token) {',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
  {
    name: 'sockets outlive the token they were opened with',
    file: 'api/src/live/viewers.ts',
    find: 'connection.principal = principal;\n    this.#watchExpiry(connection);',
    replace: 'connection.principal = principal;',
    tests: ['api/src/tokens/tokens.integration.test.ts'],
  },
];
