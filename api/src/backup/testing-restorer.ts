/** A process for tests to kill: restores an archive, and ends itself without a word at the step it is told. */
import { readEnvironment } from '../env.ts';
import { quiet } from '../database/testing.ts';
import { restore } from './restore.ts';

const [archive = '', passphrase = '', lastStep] = process.argv.slice(2);

await restore(readEnvironment(process.env), archive, passphrase, {
  replace: true,
  log: quiet,
  onStep(step) {
    if (step === lastStep) process.kill(process.pid, 'SIGKILL');
  },
});
