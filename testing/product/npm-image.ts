import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { npmScript } from '../../scripts/setup/run.mjs';
import { docker } from '../docker.ts';
import { cacheFolder, testImages } from '../images.ts';
import { run } from '../processes.ts';
import { tempDir, type TempDir } from '../tmp.ts';
import { adopt, build } from './checkout-tags.ts';

const label = 'serverkit.locked';

/**
 * An image with Node and npm as the official one has them, and every locked package in npm's cache. So `npm ci` in the
 * Dockerfile is the very one that everybody runs, and needs no network. Made once for a package-lock.json.
 */
export async function npmImage(): Promise<string> {
  const locked = createHash('sha256')
    .update(await readFile('package-lock.json'))
    .digest('hex');
  // By name as well: what is built on it has the same label.
  const found = await docker(
    'images',
    '--quiet',
    '--filter',
    `label=${label}=${locked}`,
    'serverkit-test/npm',
  );
  const [id] = found.split('\n');
  if (id) return adopt('npm', id);

  await using context = await tempDir('serverkit-npm-');
  const npm = dirname(dirname(npmScript()));
  await cp(realpathSync(npm), context.file('npm'), { recursive: true, dereference: true });
  await cp(process.execPath, context.file('node'));
  await chmod(context.file('node'), 0o755);
  await fillCache(context);
  await writeFile(
    context.file('Dockerfile'),
    [
      `FROM ${testImages.debian}`,
      'COPY node /usr/local/bin/node',
      'COPY npm /usr/local/lib/node_modules/npm',
      'COPY cache /var/cache/npm',
      'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
      'ENV npm_config_cache=/var/cache/npm npm_config_offline=true',
      `LABEL ${label}=${locked}`,
    ].join('\n'),
  );
  return await build('npm', [context.path]);
}

/** An entry of the lockfile that npm keeps of what it installed. */
interface Installed {
  readonly link?: boolean;
  /** Where it is not the one of its folder. */
  readonly name?: string;
  readonly version: string;
}

/** What is installed in this checkout, which is what is locked for a platform like this one, as `name@version`. */
async function installed(): Promise<readonly string[]> {
  const read: (text: string) => { readonly packages: Readonly<Record<string, Installed>> } = JSON.parse;
  const { packages } = read(await readFile('node_modules/.package-lock.json', 'utf8'));
  const specs = Object.entries(packages).flatMap(([path, { link, name, version }]) =>
    link === true || !path.includes('node_modules/')
      ? []
      : `${name ?? path.replace(/^.*node_modules\//, '')}@${version}`,
  );
  return [...new Set(specs)];
}

/** Has npm fetch what is locked, and unpack none of it. */
async function fillCache(context: TempDir): Promise<void> {
  const kept = join(cacheFolder(), 'npm');
  const specs = await installed();
  await run('npm', ['cache', 'add', ...specs, '--prefer-offline', '--cache', kept, '--loglevel=error']);
  await mkdir(context.file('cache'));
  if (!existsSync(join(kept, '_cacache'))) throw new Error(`npm left nothing in ${kept}`);
  await cp(join(kept, '_cacache'), context.file('cache', '_cacache'), { recursive: true });
}
