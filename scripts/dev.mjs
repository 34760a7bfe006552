/**
 * `npm run dev`: the control plane, restarted when its sources change, and the dashboard by Vite with hot replacement,
 * which sends what is not its own to the control plane. What is generated follows what it is generated from.
 */
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { controlPlane } from './setup/control-plane.mjs';
import { pinnedNode, StepFailed, toolEnv } from './setup/run.mjs';
import { setup, setupOrExit } from './setup.mjs';

await setupOrExit();
const port = process.env['PORT'] ?? '4000';

/** @type {{ name: string, args: string[], cwd?: string, env?: Record<string, string> }[]} */
const parts = [
  {
    name: 'api',
    args: ['--watch', '--watch-preserve-output', ...controlPlane],
    env: { PORT: port },
  },
  {
    name: 'web',
    args: ['../node_modules/vite/bin/vite.js', 'dev', '--clearScreen', 'false'],
    cwd: 'web',
    env: { SERVERKIT_API: `http://127.0.0.1:${port}` },
  },
];

const children = parts.map(({ name, args, cwd = '.', env }) => {
  const child = spawn(pinnedNode(), args, {
    cwd,
    env: { ...toolEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) process.stdout.write(`${name} │ ${line}\n`);
    });
  }
  return child;
});

/** How long a burst of changes (a branch switched, a file saved in two steps) may go on, in milliseconds. */
const burst = 300;
/** @type {NodeJS.Timeout | undefined} */
let waiting;
let working = Promise.resolve();

/** Set-up knows by its stamps what has to be generated again, which mostly is nothing. */
function follow() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    working = working
      .then(() => setup({ build: false }))
      .catch((/** @type {unknown} */ error) => {
        // A half-written document is not worth ending for; the next change comes soon.
        console.error(error instanceof StepFailed ? `${error.output}\n${error.message}` : error);
      });
  }, burst);
}
const watchers = ['api', 'web/src', 'wire', 'prisma'].map((room) => watch(room, { recursive: true }, follow));

/** @param {NodeJS.Signals} signal */
const stop = (signal) => {
  clearTimeout(waiting);
  for (const watcher of watchers) watcher.close();
  for (const child of children) child.kill(signal);
};
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => stop(signal));
// One part alone is of no use; `node --watch` itself stays when the control plane ends.
for (const child of children) {
  child.once('exit', (code) => {
    process.exitCode ??= code ?? 0;
    stop('SIGTERM');
  });
}
