/**
 * The walls between rooms. `api → wire, prisma`; `agent → wire`; `web → client` or its own generated documents; inside
 * the API a domain is entered from another only through its `service.ts`.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** Rooms of the API that every domain stands on; all other folders of api/src are domains. */
const shared = ['access', 'agents', 'audit', 'database', 'graphql', 'http', 'jobs', 'live', 'secrets'].join(
  '|',
);
/** Tests, suites of them that a test file runs with others, and the helpers that only these import. */
const tests = '(\\.test|\\.suite|/testing)\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'wire-stands-alone',
      comment: 'The contract between rooms must not know any of them.',
      severity: 'error',
      from: { path: '^wire/' },
      to: { path: '^(api|agent|web|client|prisma|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'prisma-stands-alone',
      severity: 'error',
      from: { path: '^prisma/' },
      to: { path: '^(api|agent|web|client|wire|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'api-imports-wire-and-prisma',
      severity: 'error',
      from: { path: '^api/', pathNot: tests },
      to: { path: '^(agent|web|client|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'agent-imports-wire',
      severity: 'error',
      from: { path: '^agent/', pathNot: tests },
      to: { path: '^(api|web|client|prisma|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'web-imports-the-client',
      comment: 'The dashboard knows the API by its published schema alone.',
      severity: 'error',
      from: { path: '^web/', pathNot: tests },
      to: { path: '^(api|agent|prisma|wire|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'client-stands-alone',
      comment: 'It is published: the schema is all it shares with the rest.',
      severity: 'error',
      from: { path: '^client/', pathNot: tests },
      to: { path: '^(api|agent|web|prisma|wire|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'graphiql-stands-alone',
      comment: 'It knows the API by its address alone.',
      severity: 'error',
      from: { path: '^graphiql/', pathNot: tests },
      to: { path: '^(api|agent|web|client|prisma|wire|bench|e2e|testing|scripts)/' },
    },
    {
      name: 'tests-use-testing',
      comment: 'A test may use the helpers in testing/, but no other room than the one it stands in may.',
      severity: 'error',
      from: { path: '^(api|agent|wire|prisma|client)/', pathNot: tests },
      to: { path: '^testing/' },
    },
    {
      name: 'services-know-no-graphql',
      comment: 'Logic in service.ts is called by schemas, never the other way round.',
      severity: 'error',
      from: { path: '(^|/)service\\.ts$' },
      to: { path: '(^|/)(schema|[a-z-]+-schema|types|[a-z-]+-type|builder)\\.ts$' },
    },
    {
      name: 'domains-are-entered-by-their-service',
      comment:
        'By its service.ts; besides, a domain publishes what it announces (events.ts) and its GraphQL types (types.ts, *-type.ts), which other domains add fields to.',
      severity: 'error',
      from: { path: '^api/src/([^/]+)/', pathNot: tests },
      to: {
        path: '^api/src/[^/]+/',
        pathNot: [`^api/src/($1|${shared})/`, '/(service|events|types|[a-z-]+-type)\\.ts$'],
      },
    },
    {
      name: 'no-dev-dependencies-at-run-time',
      severity: 'error',
      from: { path: '^(api|agent|wire|prisma|client)/', pathNot: [tests, '/build\\.ts$'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(generated|dist|build|\\.svelte-kit)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
