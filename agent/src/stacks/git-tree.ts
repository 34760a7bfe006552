import { createHash } from 'node:crypto';
import path from 'node:path';
import { MAX_FILE } from '@serverkit/wire/compose-file.ts';
import { isFileName } from '@serverkit/wire/git-source.ts';
import { AgentError } from '../errors.ts';
import type { GitRemote, GitSource } from './git-remote.ts';

/** Of what lies beside the Compose file. Bytes, all together. */
const MAX_TREE = 16 * 1024 * 1024;
const MAX_FILES = 2_000;
/** Names in each other. */
const MAX_DEPTH = 20;

/** A file that a stack has beside its Compose file. */
export interface TreeFile {
  /** Below the stack's folder, with slashes. */
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: Buffer;
}

/** Files of a commit: those of the folder that the Compose file is in. */
export interface StackTree {
  /** Of Git's own name of that folder's content and that of the Compose file, which is none of them. */
  readonly id: string;
  readonly commit: string;
  readonly files: readonly TreeFile[];
}

export interface ReadTree extends StackTree {
  readonly compose: string;
  /** What was left out, for people. */
  readonly notes: readonly string[];
}

/**
 * Reads a fetched commit out of its repository, without Git writing a file: no filter, no hook and no link has a say in it.
 *
 * @throws AgentError for what must not be, or is too much, in the stack's folder
 */
export async function readTree(
  { git }: Pick<GitRemote, 'git'>,
  commit: string,
  { path: composePath }: Pick<GitSource, 'path'>,
): Promise<ReadTree> {
  const folder = path.posix.dirname(composePath);
  const composeName = path.posix.basename(composePath);
  const named = await git(['rev-parse', '--verify', `${commit}:${folder === '.' ? '' : folder}`]);
  const id = named.stdout.toString().trim();
  if (named.code !== 0 || !/^[0-9a-f]{40,64}$/.test(id)) throw noFile(composePath);
  const { code, stdout } = await git(['ls-tree', '-r', '-l', '-z', id]);
  if (code !== 0) throw noFile(composePath);
  const entries = entriesOf(stdout.toString());
  const notes: string[] = [];
  const wanted: Entry[] = [];
  let compose: Entry | undefined;
  const links: Entry[] = [];
  for (const entry of entries) {
    if (entry.path === composeName && entry.mode.startsWith('100')) compose = entry;
    else if (entry.mode === '160000') notes.push(`${entry.path} is a submodule, and is left out.`);
    else if (entry.mode === '120000') links.push(entry);
    else if (isOurs(entry.path))
      notes.push(`${entry.path} is left out: the stack has its own on the server.`);
    else wanted.push(entry);
  }
  if (!compose) throw noFile(composePath);
  if (compose.size > MAX_FILE) throw new AgentError('INPUT_INVALID', `${composePath} is larger than 1 MB.`);
  const all = [compose, ...wanted, ...links];
  const bytes = all.reduce((sum, { size }) => sum + size, 0);
  if (all.length > MAX_FILES || bytes > MAX_TREE) {
    throw new AgentError(
      'INPUT_INVALID',
      `There are ${all.length} files with ${Math.ceil(bytes / 1_000_000)} MB beside ${composePath}; ${MAX_FILES} with 16 MB are the most. Give the stack a folder of its own in the repository.`,
    );
  }
  const blobs = await readBlobs(git, all);
  for (const link of links) {
    const target = (blobs.get(link.object) ?? Buffer.alloc(0)).toString();
    const leads = path.posix.normalize(path.posix.join(path.posix.dirname(link.path), target));
    if (path.posix.isAbsolute(target) || leads === '..' || leads.startsWith('../')) {
      throw new AgentError(
        'INPUT_INVALID',
        `${link.path} is a symbolic link that leads out of the stack's folder.`,
      );
    }
    notes.push(`${link.path} is a symbolic link, and is left out.`);
  }
  return {
    // All but the Compose file is kept by it, so what that is called is a part of it.
    id: createHash('sha256').update(`${id} ${composeName}`).digest('hex'),
    commit,
    notes: notes.slice(0, 50),
    compose: (blobs.get(compose.object) ?? Buffer.alloc(0)).toString(),
    files: wanted.map(({ path: name, mode, object }) => ({
      path: name,
      executable: mode === '100755',
      bytes: blobs.get(object) ?? Buffer.alloc(0),
    })),
  };
}

const noFile = (file: string): AgentError =>
  new AgentError('NOT_FOUND', `There is no file ${file} in that commit.`);

/** The agent writes these itself. */
const isOurs = (name: string): boolean => name === '.env' || name === 'compose.yaml';

interface Entry {
  readonly mode: string;
  readonly object: string;
  readonly size: number;
  readonly path: string;
}

/** As `git ls-tree -r -l -z` writes them. @throws AgentError for a name that no file may have */
function entriesOf(listing: string): Entry[] {
  return listing.split('\0').flatMap((line) => {
    const [, mode, object, size, name] = /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-)\t([^]+)$/.exec(line) ?? [];
    if (mode === undefined || object === undefined || name === undefined) return [];
    const names = name.split('/');
    if (names.length > MAX_DEPTH || !names.every(isFileName)) {
      throw new AgentError(
        'INPUT_INVALID',
        `The name ${JSON.stringify(name.slice(0, 200))} must not be in a stack's folder.`,
      );
    }
    return [{ mode, object, size: Number(size) || 0, path: name }];
  });
}

async function readBlobs(git: GitRemote['git'], entries: readonly Entry[]): Promise<Map<string, Buffer>> {
  const objects = [...new Set(entries.map(({ object }) => object))];
  const { code, stdout } = await git(
    ['cat-file', '--batch'],
    objects.map((object) => `${object}\n`).join(''),
  );
  const blobs = new Map<string, Buffer>();
  let at = 0;
  while (code === 0 && at < stdout.length) {
    const end = stdout.indexOf(0x0a, at);
    const [, object, length] = /^([0-9a-f]+) blob (\d+)$/.exec(stdout.toString('latin1', at, end)) ?? [];
    if (object === undefined) break;
    const begin = end + 1;
    blobs.set(object, Buffer.from(stdout.subarray(begin, begin + Number(length))));
    at = begin + Number(length) + 1;
  }
  if (blobs.size === objects.length) return blobs;
  throw new AgentError('GIT_ERROR', 'The commit could not be read completely.');
}
