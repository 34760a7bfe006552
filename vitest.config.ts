import { createRequire } from 'node:module';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './testing/longest-first.ts';
import { runes } from './web/runes.ts';

const integration = '**/*.integration.test.ts';
const endToEnd = 'e2e/**/*.e2e.ts';

/** What real parts need. */
const realParts = { globalSetup: 'testing/global-setup.ts', hookTimeout: 120_000 } as const;

const made = [...configDefaults.exclude, '**/{dist,build,.svelte-kit}/**'];

/** Files that must have the machine to themselves; all others bring what they touch, and run two at a time. */
const undisturbed = [
  // They compare with what the one engine of this machine counts and lists.
  'agent/src/docker/*.integration.test.ts',
  // They hold what is measured against a clock: a slow line, the CPU that the dashboard shows.
  'e2e/link/network.integration.test.ts',
  'e2e/dashboard/first-minute.e2e.ts',
];

/**
 * Four projects, in this order: `unit` needs nothing but Node, `integration` real parts (Docker, PostgreSQL, root),
 * `e2e` the whole product in a browser and on machines, `undisturbed` is what of those two cannot share the machine.
 * Nothing is retried, an unhandled error fails the run, and what a run leaves open is reported.
 */
export default defineConfig({
  plugins: [runes],
  resolve: {
    // What Node itself loads for libraries: a second copy of graphql would not know the first one's classes.
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  test: {
    retry: 0,
    allowOnly: false,
    dangerouslyIgnoreUnhandledErrors: false,
    reporters: ['default', 'hanging-process'],
    setupFiles: 'testing/dangling.ts',
    restoreMocks: true,
    // As `eventually` waits: only what is wrong takes that long. The default of a second is too short on a busy machine.
    expect: { poll: { timeout: 60_000 } },
    unstubEnvs: true,
    unstubGlobals: true,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...made, integration],
          sequence: { groupOrder: 0 },
          testTimeout: 80_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [integration],
          exclude: [...made, ...undisturbed],
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          ...realParts,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [endToEnd],
          exclude: [...made, ...undisturbed],
          sequence: { groupOrder: 2 },
          testTimeout: 300_000,
          ...realParts,
          hookTimeout: 240_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'undisturbed',
          include: undisturbed,
          sequence: { groupOrder: 3 },
          fileParallelism: false,
          testTimeout: 300_000,
          ...realParts,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
