import { createRequire } from 'node:module';
import { configDefaults, defineConfig } from 'vitest/config';

const integration = '**/*.integration.test.ts';
const endToEnd = 'e2e/**/*.e2e.ts';

/** What real parts need: one file at a time, because an engine, a port range and two cores are shared. */
const oneByOne = {
  fileParallelism: false,
  globalSetup: 'testing/global-setup.ts',
  hookTimeout: 120_000,
} as const;

/**
 * Three projects, in this order: `unit` needs nothing but Node, `integration` real parts (Docker, PostgreSQL, root),
 * `e2e` the whole product in a browser. Nothing is retried, an unhandled error fails the run, and what a run leaves
 * open is reported.
 */
export default defineConfig({
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
    unstubEnvs: true,
    unstubGlobals: true,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/{dist,build,.svelte-kit}/**', integration],
          sequence: { groupOrder: 0 },
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [integration],
          exclude: [...configDefaults.exclude, '**/{dist,build,.svelte-kit}/**'],
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          ...oneByOne,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [endToEnd],
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          ...oneByOne,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
