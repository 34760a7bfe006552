import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { docker } from '../docker.ts';
import { cacheFolder } from '../images.ts';
import { plainEnv, run } from '../processes.ts';

/** Checkouts that share an engine do not take each other's images. */
const checkout = createHash('sha256').update(resolve('.')).digest('hex').slice(0, 12);

const tagOf = (name: string): string => `serverkit-test/${name}:${checkout}`;
const idOf = async (tag: string): Promise<string> =>
  (await docker('images', '--quiet', '--no-trunc', tag)).trim();

/** Builds under a tag of this checkout's own, and drops what had it before. Returns the tag. */
export async function build(name: string, args: readonly string[]): Promise<string> {
  return retag(name, async (tag) => {
    // The builder that every Docker has: others come with plugins, and Compose brings its own.
    await run('docker', ['build', '--quiet', '--tag', tag, ...args], {
      env: plainEnv({ DOCKER_BUILDKIT: '0' }),
    });
  });
}

/** Gives an image that is there a tag of this checkout's own. Returns the tag. */
export async function adopt(name: string, id: string): Promise<string> {
  return retag(name, async (tag) => {
    await docker('tag', id, tag);
  });
}

async function retag(name: string, make: (tag: string) => Promise<void>): Promise<string> {
  const tag = tagOf(name);
  const before = await idOf(tag);
  await make(tag);
  // Another checkout may have the same one, or a container of another test still run on it: theirs stays.
  if (before !== '' && before !== (await idOf(tag))) await docker('rmi', before).catch(() => undefined);
  return tag;
}

/**
 * Remembers this checkout, and removes the images of those that are gone. After building, not before: the layers that a
 * deleted checkout left behind are what a new one of the same sources builds on at once.
 */
export async function dropImagesOfGoneCheckouts(): Promise<void> {
  const folder = join(cacheFolder(), 'checkouts');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, checkout), resolve('.'));
  for (const name of await readdir(folder)) {
    const path = await readFile(join(folder, name), 'utf8');
    if (existsSync(join(path, 'package.json'))) continue;
    const listed = await docker('images', '--format', '{{.Repository}}:{{.Tag}}', `serverkit-test/*:${name}`);
    const tags = listed.split('\n').filter(Boolean);
    if (tags.length > 0) await docker('rmi', ...tags);
    await rm(join(folder, name));
  }
}
