/**
 * Makes what is published: `dist/` with modules and their types, one for each source file, so that a bundler takes what it
 * needs.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');

/** What the compiler remembers of a check is no reason to leave a file out. */
const whole = ['--incremental', 'false', '--tsBuildInfoFile', 'null'];

rmSync(here('dist'), { recursive: true, force: true });
execFileSync(process.execPath, [compiler, '--project', here('tsconfig.json'), ...whole], {
  stdio: 'inherit',
});
// npm takes it from the package's own folder alone.
copyFileSync(here('../LICENSE'), here('LICENSE'));
