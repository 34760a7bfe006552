/**
 * Everything between a fresh clone and a runnable checkout, under any Node >= 20 that came with npm. Each step is
 * stamped with a hash of its inputs, so nothing is redone when nothing changed. Plain JavaScript on Node's own
 * modules: this runs before anything is installed.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { install, linkPostgres } from './setup/install.mjs';
import { alone } from './setup/lock.mjs';
import { showing } from './setup/progress.mjs';
import { pinnedNode, runScript, StepFailed } from './setup/run.mjs';
import { hashInputs, readStamp, writeStamp } from './setup/stamp.mjs';

/**
 * @typedef {object} Step
 * @property {string} name of the stamp
 * @property {string} title shown while it runs
 * @property {string[]} inputs files and folders whose contents decide whether it runs again
 * @property {(file: string) => boolean} [accept] which of the files in them count
 * @property {string[]} outputs what it leaves behind; if one is gone, it runs again
 * @property {boolean} [build] part of serving the product, not of checking the sources
 * @property {boolean} [printed] made from the printed schemas, and so not for a script that prints them anew
 * @property {() => boolean} [applies] whether what it works on is there
 * @property {() => Promise<unknown>} run
 */

/** @type {Step[]} */
const steps = [
  {
    name: 'install',
    title: 'installing the locked dependencies',
    inputs: ['package-lock.json'],
    outputs: ['node_modules/.package-lock.json'],
    run: install,
  },
  {
    name: 'postgres',
    title: 'linking the embedded PostgreSQL',
    inputs: ['package-lock.json'],
    outputs: [],
    run: linkPostgres,
  },
  {
    name: 'prisma',
    title: 'generating the database client',
    inputs: ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'],
    outputs: ['prisma/generated'],
    applies: () => existsSync('prisma/schema.prisma'),
    // Without a schema engine to point at, the command would try to download one that `generate` does not use.
    run: () =>
      runScript('node_modules/prisma/build/index.js', ['generate'], {
        env: {
          PRISMA_SCHEMA_ENGINE_BINARY: pinnedNode(),
          CHECKPOINT_DISABLE: '1',
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
        },
      }),
  },
  {
    name: 'codegen',
    title: 'generating typed GraphQL documents',
    inputs: [
      'codegen.ts',
      'package-lock.json',
      'wire/agent.graphql',
      'api/schema.graphql',
      'api/src',
      'web/src',
      'client/operations',
    ],
    accept: (file) => !file.startsWith('api/src') || file.endsWith('operations.ts'),
    outputs: [],
    printed: true,
    applies: () => existsSync('wire/agent.graphql') || existsSync('api/schema.graphql'),
    run: () => runScript('node_modules/@graphql-codegen/cli/esm/bin.js', ['--config', 'codegen.ts']),
  },
  {
    name: 'client',
    title: 'building the client',
    inputs: ['client', 'api/schema.graphql', 'codegen.ts', 'tsconfig.json', 'package-lock.json'],
    accept: (file) => !file.endsWith('.test.ts'),
    outputs: ['client/dist'],
    printed: true,
    applies: () => existsSync('client/build.ts'),
    run: () => runScript('client/build.ts', []),
  },
  {
    name: 'routes',
    title: "generating the types of the dashboard's routes",
    inputs: ['web/vite.config.ts', 'web/package.json', 'web/src/routes', 'package-lock.json'],
    outputs: ['web/node_modules/$app'],
    applies: () => existsSync('web/vite.config.ts'),
    run: () => runScript('node_modules/@sveltejs/kit/svelte-kit.js', ['sync'], { cwd: 'web' }),
  },
  {
    name: 'agent',
    title: 'bundling the agent',
    inputs: ['agent', 'wire', 'package-lock.json'],
    accept: (file) => !file.endsWith('.test.ts'),
    outputs: ['agent/dist'],
    build: true,
    applies: () => existsSync('agent/build.ts'),
    run: () => runScript('agent/build.ts', []),
  },
  {
    name: 'graphiql',
    title: 'building GraphiQL',
    inputs: ['graphiql', 'package-lock.json'],
    outputs: ['graphiql/dist'],
    build: true,
    applies: () => existsSync('graphiql/build.ts'),
    run: () => runScript('graphiql/build.ts', []),
  },
  {
    name: 'web',
    title: 'building the dashboard',
    inputs: ['web', 'api/schema.graphql', 'wire', 'package-lock.json'],
    accept: (file) => !file.endsWith('.test.ts'),
    outputs: ['web/build'],
    build: true,
    applies: () => existsSync('web/vite.config.ts'),
    run: () => runScript('node_modules/vite/bin/vite.js', ['build'], { cwd: 'web' }),
  },
];

/** @param {Step} step */
const current = (step) =>
  step.outputs.every((file) => existsSync(file)) && readStamp(step.name) === hashInputs(step);

/**
 * Makes the checkout runnable. Throws {@link StepFailed} when a step fails.
 * @param {{ build?: boolean, printing?: boolean }} [options] `build: false` leaves out what only serving the product
 *   needs; `printing` takes what was made from the schemas as it is, should documents be ahead of them
 */
export async function setup({ build = true, printing = false } = {}) {
  const wanted = steps.filter(
    (step) =>
      (step.applies?.() ?? true) &&
      (build || !step.build) &&
      !(printing && step.printed && readStamp(step.name) !== undefined),
  );
  if (wanted.every(current)) return;
  await alone(async () => {
    for (const step of wanted) {
      if (current(step)) continue;
      const hash = hashInputs(step);
      await showing(step.title, step.run);
      writeStamp(step.name, hash);
    }
  });
}

/**
 * {@link setup} for entry points: works from the root of the checkout, and ends the process with one sentence (after
 * what the failed command printed) when the checkout cannot be made ready.
 * @param {{ build?: boolean, printing?: boolean, lastWord?: string }} [options] `lastWord` is printed last when it fails
 */
export async function setupOrExit(options) {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
  const major = Number(process.versions.node.split('.')[0]);
  try {
    if (major < 20) throw new StepFailed(`Node 20 or newer is needed; this is ${process.version}`, '');
    await setup(options);
    if (major < 24 && pinnedNode() === process.execPath) {
      const here = `${process.platform}-${process.arch}`;
      throw new StepFailed(`no Node is locked for ${here}, which therefore needs Node 24 itself`, '');
    }
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    // What a tool says about its failure, it says last.
    if (error.output) console.error(error.output.trimEnd().split('\n').slice(-40).join('\n'));
    console.error(`ServerKit could not be set up: ${error.message}`);
    if (options?.lastWord) console.log(`\n${options.lastWord}`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setupOrExit({ build: !process.argv.includes('--no-build') });
}
