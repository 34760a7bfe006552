/**
 * Bundles the agent into one file, `dist/serverkit-agent.cjs`, with its source map beside it; and into files of their own
 * what only macOS and Windows need, and what only terminals need, which an agent without any never reads.
 *
 * CommonJS, although everything here is written as modules: importing a built-in of Node as a module reads all its exports,
 * and those of `node:http` load undici. The same agent takes 13 MB more memory as a module.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Leaves a module to its own file. */
function apart(name: string, module: RegExp, path: string): Plugin {
  return {
    name,
    setup(bundler) {
      bundler.onResolve({ filter: module }, ({ kind }) =>
        kind === 'entry-point' ? undefined : { path, external: true },
      );
    },
  };
}

const options: BuildOptions = {
  entryPoints: {
    'serverkit-agent': here('src/main.ts'),
    'portable/meter': here('src/system/portable-meter.ts'),
    'serverkit-terminal': here('src/terminals/emulator.ts'),
  },
  outdir: here('dist'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  sourcemap: 'external',
  legalComments: 'linked',
  // graphql as modules, so that what is not used is left out.
  mainFields: ['module', 'main'],
  // Optional parts of ws that must be compiled.
  external: ['bufferutil', 'utf-8-validate'],
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.WS_NO_BUFFER_UTIL': '"1"',
    'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
  },
  plugins: [
    apart('portable-meter-apart', /\/portable-meter\.ts$/, './portable/meter.cjs'),
    apart('emulator-apart', /\/emulator\.ts$/, './serverkit-terminal.cjs'),
  ],
  metafile: true,
  logLevel: 'warning',
};

const started = performance.now();
await rm(here('dist'), { recursive: true, force: true });
const { metafile } = await build(options);
for (const [name, { bytes }] of Object.entries(metafile?.outputs ?? {})) {
  if (name.endsWith('.cjs')) console.log(`${name}: ${Math.round(bytes / 1024)} KB`);
}
console.log(`in ${Math.round(performance.now() - started)} ms`);
