import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { tempDir, type TempDir } from './tmp.ts';

/** What the client needs at run time, with what those need themselves. */
const dependencies = [
  'ws',
  'graphql-ws',
  'graphql',
  '@0no-co/graphql.web',
  '@graphql-typed-document-node/core',
];

const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * An empty folder with nothing in it but the client, installed from the tarball that would be published. Its dependencies
 * come from tarballs of the locked ones: no registry is asked.
 */
export async function packedClient(): Promise<TempDir> {
  const folder = await tempDir('serverkit-packed-');
  const pack = (path: string): string =>
    execFileSync('npm', ['pack', resolve(path), '--pack-destination', folder.path, ...quiet], {
      encoding: 'utf8',
    }).trim();
  const tarballs = ['client', ...dependencies.map((name) => `node_modules/${name}`)].map(pack);
  writeFileSync(folder.file('package.json'), '{"private": true, "type": "module"}\n');
  const files = tarballs.map((name) => `./${name}`);
  execFileSync('npm', ['install', '--offline', ...quiet, ...files], { cwd: folder.path });
  return folder;
}
