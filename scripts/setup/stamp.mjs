import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stamps live inside node_modules on purpose: whoever removes it gets everything made anew. */
const folder = 'node_modules/.cache/serverkit';

/** Folders that hold what tools make, never what people write. */
const made = new Set(['node_modules', 'generated', 'dist', 'build', '.svelte-kit', '.cache', '.vite']);

/**
 * Every file under `path` (or `path` itself), sorted, made folders left out. Nothing there is an empty list.
 * @param {string} path relative to the root of the checkout
 * @returns {string[]}
 */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !made.has(entry.name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) =>
        entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)],
      );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

/**
 * SHA-256 over names and contents of the inputs of a step.
 * @param {{ inputs: string[], accept?: (file: string) => boolean, salt?: string }} step
 */
export function hashInputs({ inputs, accept = () => true, salt = '' }) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\0${salt}\0`);
  for (const file of inputs.flatMap(filesUnder).filter(accept)) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} name */
export function readStamp(name) {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {string} hash
 */
export function writeStamp(name, hash) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), hash);
}
