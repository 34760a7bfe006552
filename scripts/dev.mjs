/**
 * `npm run dev`: the control plane, restarted when its sources change, and the dashboard by Vite with hot replacement,
 * which sends what is not its own to the control plane. Typed documents follow the schemas and the code that uses them.
 */
import { spawn } from 'node:child_process';
import { pinnedNode, toolEnv } from './setup/run.mjs';
import { setupOrExit } from './setup.mjs';

await setupOrExit();
const port = process.env['PORT'] ?? '4000';
const env = { ...toolEnv(), PORT: port, SERVERKIT_API: `http://127.0.0.1:${port}` };

/** @type {{ name: string, args: string[], cwd?: string }[]} */
const parts = [
  { name: 'api', args: ['--watch', '--watch-preserve-output', 'api/src/main.ts'] },
  {
    name: 'documents',
    args: ['node_modules/@graphql-codegen/cli/esm/bin.js', '--config', 'codegen.ts', '--watch'],
  },
  { name: 'web', args: ['../node_modules/vite/bin/vite.js', 'dev', '--clearScreen', 'false'], cwd: 'web' },
];

const children = parts.map(({ name, args, cwd = '.' }) => {
  const child = spawn(pinnedNode(), args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) process.stdout.write(`${name.padEnd(9)} │ ${line}\n`);
    });
  }
  return child;
});

/** @param {NodeJS.Signals} signal */
const stop = (signal) => {
  for (const child of children) child.kill(signal);
};
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => stop(signal));
// One part alone is of no use; `node --watch` itself stays when the control plane ends.
for (const child of children) {
  child.once('exit', (code) => {
    process.exitCode ??= code ?? 1;
    stop('SIGTERM');
  });
}
