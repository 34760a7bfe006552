/** `npm start`: sets up what is missing, then runs the control plane in the foreground under the pinned Node. */
import { spawn } from 'node:child_process';
import { pinnedNode, toolEnv } from './setup/run.mjs';
import { setupOrExit } from './setup.mjs';

await setupOrExit();
const child = spawn(pinnedNode(), ['api/src/main.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: toolEnv(),
});

// A terminal sends ^C to every process of the foreground group, the child included: sending it on would make two.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.once('error', (error) => {
  console.error(`ServerKit could not be started: ${error.message}`);
  process.exit(1);
});
child.once('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 1);
});
