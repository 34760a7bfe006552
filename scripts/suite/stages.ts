import { existsSync } from 'node:fs';
import { quietly } from './stage.ts';
import type { Outcome, Stage } from './stage.ts';
import { vitestStage } from './vitest.ts';

/** A stage that is one command of the project's tools. */
function tool(name: string, command: readonly string[], { cwd = '.', subject = '.' } = {}): Stage {
  return {
    name,
    quick: true,
    run: (): Promise<Outcome> =>
      existsSync(subject)
        ? quietly(command, { cwd })
        : Promise.resolve({ remark: `${subject} does not exist yet` }),
  };
}

const script = (file: string): readonly string[] => ['node', file, '--check'];

/** What needs no running parts: `npm run check`. The slowest first: they run two at a time, and the last is to be short. */
export const fast: readonly Stage[] = [
  tool('format', ['prettier', '--check', '--cache', '--log-level', 'warn', '.']),
  tool('types', ['tsc', '--noEmit']),
  tool('types of the dashboard', ['svelte-check', '--fail-on-warnings', '--output', 'human'], {
    cwd: 'web',
    subject: 'web/vite.config.ts',
  }),
  tool('lint', ['oxlint', '--type-aware', '--deny-warnings', '--report-unused-disable-directives']),
  tool('migrations', script('scripts/migration.ts')),
  tool('types of the agent', ['tsc', '--project', 'agent']),
  tool('rooms', [
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    'api',
    'agent',
    'wire',
    'client',
    'graphiql',
    'web/src',
    'prisma',
  ]),
  tool('dead code', ['knip', '--no-config-hints']),
  tool('types of the client', ['tsc', '--noEmit', '--project', 'client']),
  tool('printed reference', script('scripts/print-reference.ts')),
  tool('types of GraphiQL', ['tsc', '--noEmit', '--project', 'graphiql']),
  // A lockfile can lack the packages of other platforms, which only `npm ci` minds.
  tool('lockfile', ['npm', 'ci', '--dry-run', '--ignore-scripts', '--loglevel=error']),
  tool('printed schemas', script('scripts/print-schemas.ts')),
  tool('contract', script('scripts/contract.ts'), { subject: 'wire/agent.graphql' }),
];

/** What runs the product. */
export const slow: readonly Stage[] = [
  { name: 'build', run: () => quietly(['node', 'scripts/setup.mjs']) },
  ...['unit', 'integration', 'e2e', 'undisturbed'].map(vitestStage),
];
