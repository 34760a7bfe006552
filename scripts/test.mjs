/** `npm test` and `npm run check` (--fast): sets up, brings or looks for the real parts, then runs the stages. */
import { spawnSync } from 'node:child_process';
import { become } from './setup/foreground.mjs';
import { setupOrExit } from './setup.mjs';

const fast = process.argv.includes('--fast');
// What serving needs is built in a stage of its own: code that does not build is a failure to report, not the end.
await setupOrExit({ build: false, lastWord: '0 passed, 1 failed' });

if (!fast && process.platform === 'linux') {
  const wanted = process.env['CI'] === 'true' || process.env['SERVERKIT_PROVISION'] === '1';
  console.log(wanted ? 'Bringing the real parts that tests need' : 'Real parts that tests need');
  // What stays missing is judged by the suites that need it.
  spawnSync('sh', ['scripts/provision.sh', ...(wanted ? [] : ['--check'])], { stdio: 'inherit' });
}

become(['scripts/suite/main.ts', ...process.argv.slice(2)]);
