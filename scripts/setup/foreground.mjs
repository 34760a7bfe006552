import { spawn } from 'node:child_process';
import { pinnedNode, toolEnv } from './run.mjs';

/** How often to look whether npm is still there, in milliseconds. */
const lookEvery = 250;

/**
 * Runs a script under the pinned Node in place of this process, as far as one process can stand for another: signals go
 * on to it, and this process ends as it ends. Never returns.
 * @param {string[]} args of Node
 */
export function become(args) {
  const child = spawn(pinnedNode(), args, { stdio: 'inherit', env: toolEnv() });

  // A terminal sends ^C to every process of the foreground group, the child included: sending it on would make two.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));

  // An npm that was killed outright sends nothing on, and what it ran would hold its port and data for ever.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, lookEvery);
  if (process.env['npm_lifecycle_event'] === undefined) clearInterval(watch);

  child.once('error', (error) => {
    console.error(`${args.join(' ')} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}
