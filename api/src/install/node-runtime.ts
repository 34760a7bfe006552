import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import type { Logger } from 'pino';
import * as z from 'zod';
import { errorText } from '../startup-error.ts';
import { digestOfFile, type Digest } from './digest.ts';
import { once } from './once.ts';
import { packFile, type PackedFile } from './packed-file.ts';
import { InstallProblem } from './problem.ts';

/** Processors that agents run on, as Node names them. */
export const architectures = ['x64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

export interface NodeRuntime extends Digest {
  readonly architecture: Architecture;
  readonly version: string;
  /** The terms it comes under, which go with it; one file for all processors. */
  readonly license: PackedFile;
  /** The binary, compressed; from the cache when that is there, else compressed on the way. */
  open(): Promise<{ readonly stream: Readable; readonly bytes: number | undefined }>;
}

export interface NodeRuntimes {
  /** @throws InstallProblem with what to do when this control plane has none for the processor */
  get(architecture: Architecture): Promise<NodeRuntime>;
}

const manifest = z.object({ version: z.string() });

/** As agent/package.json pins it. */
const terminalVersion = '1.1.0';

/**
 * The Node that agents run under. It is the very binary that npm brought for a platform, checked against the lockfile
 * when it was installed; machines get it compressed, which takes 6 s of one core once and is kept in the data directory.
 * @param directory - of the cache, and of runtimes that were added by hand
 */
export function createNodeRuntimes(
  directory: string,
  log: Logger,
  locate: (architecture: Architecture) => string | undefined = (architecture) =>
    locatePackage(directory, architecture),
): NodeRuntimes {
  const load = (architecture: Architecture) =>
    once(async (): Promise<NodeRuntime> => {
      const home = locate(architecture);
      if (!home) throw new InstallProblem(howToAdd(directory, architecture));
      const binary = join(home, 'bin', 'node');
      const { version } = manifest.parse(JSON.parse(await readFile(join(home, 'package.json'), 'utf8')));
      const license = await packFile(join(home, 'LICENSE'), 'node-LICENSE');
      const digest = await digestOfFile(binary);
      const name = `node-${version}-linux-${architecture}-${digest.sha256.slice(0, 16)}.gz`;
      const packed = once(() => pack(binary, directory, name));
      // In the time that somebody needs to carry the command to the other machine.
      packed().catch((error: unknown) => {
        log.warn({ reason: errorText(error) }, 'the compressed Node runtime cannot be kept');
      });
      return {
        ...digest,
        architecture,
        version,
        license,
        async open() {
          try {
            const file = await packed();
            return { stream: createReadStream(file), bytes: (await stat(file)).size };
          } catch {
            return { stream: createReadStream(binary).pipe(createGzip()), bytes: undefined };
          }
        },
      };
    });
  const known: Record<Architecture, () => Promise<NodeRuntime>> = { x64: load('x64'), arm64: load('arm64') };
  return { get: (architecture) => known[architecture]() };
}

/** Compresses the binary under a temporary name, so that the cache holds whole files only, and drops older ones. */
async function pack(binary: string, directory: string, name: string): Promise<string> {
  const file = join(directory, name);
  if (existsSync(file)) return file;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const family = /^node-[^-]+-(linux-[^-]+)-/.exec(name)?.[1] ?? name;
  for (const old of await readdir(directory)) {
    if (old.startsWith('node-') && old.includes(family)) await rm(join(directory, old), { force: true });
  }
  const half = `${file}.half`;
  try {
    await pipeline(
      createReadStream(binary),
      createGzip(),
      createWriteStream(half, { mode: 0o600, flush: true }),
    );
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  return file;
}

function locatePackage(directory: string, architecture: Architecture): string | undefined {
  const name = `node-linux-${architecture}`;
  const added = join(directory, 'node_modules', name);
  try {
    return dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
  } catch {
    return existsSync(join(added, 'bin', 'node')) ? added : undefined;
  }
}

function howToAdd(directory: string, architecture: Architecture): string {
  const version = process.version.slice(1);
  return `ServerKit has no Node runtime for ${architecture} machines yet. On the machine where ServerKit runs, add it with: npm install --prefix ${directory} --force node-linux-${architecture}@${version} @lydell/node-pty-linux-${architecture}@${terminalVersion}   Then copy the command again.`;
}
