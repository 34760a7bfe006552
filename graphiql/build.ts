/**
 * Makes the page at /graphiql: `dist/` with everything it needs, so that it works where there is no internet and under a
 * policy that lets nothing else in. Names carry a hash of the content, as they may be kept for ever.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, type BuildOptions, type Metafile } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const outdir = join(here, 'dist');
const assets = '/graphiql/assets';

const shared = {
  absWorkingDir: here,
  outdir: join(outdir, 'assets'),
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: assets,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
} satisfies BuildOptions;

/** Where the file made from `entry` is served. */
function addressOf({ outputs }: Metafile, entry: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(entry));
  if (!found) throw new Error(`nothing was made of ${entry}`);
  return `${assets}/${basename(found[0])}`;
}

rmSync(outdir, { recursive: true, force: true });
const workers = await build({
  ...shared,
  format: 'iife',
  entryPoints: [
    'monaco-editor/esm/vs/editor/editor.worker.js',
    'monaco-editor/esm/vs/language/json/json.worker.js',
    'monaco-graphql/esm/graphql.worker.js',
  ],
});
const page = await build({
  ...shared,
  splitting: true,
  entryPoints: ['src/main.tsx'],
  // The editor's own modules ask for styles that stand in the one style sheet already.
  loader: { '.css': 'empty', '.graphql': 'text' },
  jsx: 'automatic',
  define: {
    ...shared.define,
    editorWorker: JSON.stringify(addressOf(workers.metafile, '/editor.worker.js')),
    jsonWorker: JSON.stringify(addressOf(workers.metafile, '/json.worker.js')),
    graphqlWorker: JSON.stringify(addressOf(workers.metafile, '/graphql.worker.js')),
  },
});
const style = await build({
  ...shared,
  entryPoints: ['src/page.css'],
  loader: { '.ttf': 'file', '.woff2': 'file' },
});

const html = readFileSync(join(here, 'src/page.html'), 'utf8')
  .replace('%script%', addressOf(page.metafile, 'src/main.tsx'))
  .replace('%style%', addressOf(style.metafile, 'src/page.css'));
writeFileSync(join(outdir, 'index.html'), html);

const made = [workers, page, style].flatMap(({ metafile }) => Object.keys(metafile.outputs));
for (const file of made.filter((name) => /\.(js|css)$/.test(name))) {
  const content = readFileSync(join(here, file));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  writeFileSync(join(here, `${file}.br`), brotliCompressSync(content, quality));
}
