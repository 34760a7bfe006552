/**
 * Makes what is published: `dist/` with modules and their types, one for each source file, so that a bundler takes what it
 * needs; and the command line as one file, which starts faster than many.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');

/** What the compiler remembers of a check is no reason to leave a file out. */
const whole = ['--incremental', 'false', '--tsBuildInfoFile', 'null'];

rmSync(here('dist'), { recursive: true, force: true });
execFileSync(process.execPath, [compiler, '--project', here('tsconfig.json'), ...whole], {
  stdio: 'inherit',
});
await build({
  entryPoints: [here('cli/serverkit.ts')],
  outfile: here('dist/cli/serverkit.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  legalComments: 'inline',
  banner: { js: '#!/usr/bin/env node' },
  // A part of its own that Node resolves: ws is CommonJS, and asks for modules of Node as such.
  external: ['ws'],
  logLevel: 'warning',
});
chmodSync(here('dist/cli/serverkit.js'), 0o755);
// npm takes it from the package's own folder alone.
copyFileSync(here('../LICENSE'), here('LICENSE'));
