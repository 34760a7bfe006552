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
    find: 'if (lost) operation.fail(permissionDenied(lost));',
    replace: '',
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
    find: 'canonical(request.variables),\n      scopes,',
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
