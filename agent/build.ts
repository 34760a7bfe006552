/**
 * Bundles the agent into one file, `dist/serverkit-agent.cjs`, with its source map beside it; and into files of their own
 * what only macOS and Windows need, what only terminals need, and what holds a shell of the host, which an agent without any
 * never reads.
 *
 * CommonJS, although everything here is written as modules: importing a built-in of Node as a module reads all its exports,
 * and those of `node:http` load undici. The same agent takes 13 MB more memory as a module.
 */
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The prebuilt terminal of npm, for the shells of the host: native code for each processor, beside the bundle. */
const processors = ['x64', 'arm64'] as const;
const nativeName = (processor: string): string => `serverkit-pty-linux-${processor}.node`;

const native: Plugin = {
  name: 'native-beside-the-bundle',
  setup(bundler) {
    bundler.onLoad({ filter: /node-pty\/requireBinary\.js$/ }, () => ({
      contents: `exports.requireBinary = () => require(require('node:path').join(__dirname, \`${nativeName('${process.arch}')}\`));`,
    }));
    // Never asked for on Linux.
    bundler.onResolve({ filter: /\/windowsTerminal$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Whatever npm brought: that of this machine, and others where they were added. */
async function copyNative(): Promise<void> {
  for (const processor of processors) {
    const found = here(`../node_modules/@lydell/node-pty-linux-${processor}/pty.node`);
    if (existsSync(found)) await copyFile(found, here(`dist/${nativeName(processor)}`));
  }
}

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
    'serverkit-shell': here('src/terminals/host/program.ts'),
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
    native,
    apart('portable-meter-apart', /\/portable-meter\.ts$/, './portable/meter.cjs'),
    apart('emulator-apart', /\/emulator\.ts$/, './serverkit-terminal.cjs'),
  ],
  metafile: true,
  logLevel: 'warning',
};

const started = performance.now();
await rm(here('dist'), { recursive: true, force: true });
const { metafile } = await build(options);
await copyNative();
for (const [name, { bytes }] of Object.entries(metafile?.outputs ?? {})) {
  if (name.endsWith('.cjs')) console.log(`${name}: ${Math.round(bytes / 1024)} KB`);
}
console.log(`in ${Math.round(performance.now() - started)} ms`);
