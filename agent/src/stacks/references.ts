import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isRecord, MAX_FILE, MAX_PROBLEMS, type ComposeFile } from '@serverkit/wire/compose-file.ts';
import { systemCode } from '../errors.ts';
import { readComposeFile, tooLarge } from './compose-file.ts';
import type { TreeFile } from './git-tree.ts';
import { StackError, type StackProblem } from './problem.ts';

/** More than any stack is written in. */
const MAX_REFERENCES = 200;

/** What Compose reads beside a stack's own file, by its name in the stack's folder. */
export interface References {
  /** The agent's own JSON of each file that is included or extended, and the bytes of each list of variables. */
  readonly files: ReadonlyMap<string, string | Buffer>;
  /** Lists of variables, by their names. */
  readonly lists: ReadonlyMap<string, string>;
  /** Folders that are built from. Of these Compose looks at nothing but whether they are there. */
  readonly folders: ReadonlySet<string>;
}

/** Something directly in a stack's folder: links, pipes and the like are other. */
type Entry =
  | { readonly kind: 'FILE'; readonly bytes: Buffer }
  | { readonly kind: 'FOLDER' }
  | { readonly kind: 'OTHER' };

/** Looks at a stack's folder; undefined for what is not there. @throws StackError for what is there and cannot be read */
export type Entries = (name: string) => Entry | undefined;

/** As it is on this host. Whoever writes there may do so meanwhile: each is opened once, and no link is followed. */
export function entriesIn(folder: string): Entries {
  return (name) => {
    let fd: number;
    try {
      // Not held up by a pipe that nobody writes to.
      const how = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      fd = openSync(path.join(folder, name), how);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code !== 'EACCES' && code !== 'EPERM') return { kind: 'OTHER' };
      throw new StackError([{ line: null, message: `the agent's account cannot read ${name}` }]);
    }
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) return { kind: 'FOLDER' };
      if (!stat.isFile()) return { kind: 'OTHER' };
      if (stat.size > MAX_FILE) throw tooLarge(name);
      return { kind: 'FILE', bytes: readFileSync(fd) };
    } finally {
      closeSync(fd);
    }
  };
}

/** As files of a repository would have it, which are not there yet. */
export function entriesOf(files: readonly TreeFile[]): Entries {
  return (name) => {
    const bytes = files.find((file) => file.path === name)?.bytes;
    if (bytes && bytes.length > MAX_FILE) throw tooLarge(name);
    if (bytes) return { kind: 'FILE', bytes };
    const isFolder = name === '.' || files.some((file) => file.path.startsWith(`${name}/`));
    return isFolder ? { kind: 'FOLDER' } : undefined;
  };
}

type Path = readonly (string | number)[];

const plainName = /^(?:\.\/)?[\w.-]+\/?$|^\.\/$/;

/**
 * Reads what a file has Compose read: `extends`, `include`, `env_file` and `label_file` must lie directly in the stack's
 * folder, as must what is built from, and be no symbolic links.
 *
 * Compose is given what is returned, and never the files: what a container changes meanwhile, or another reader of YAML
 * takes for something else, it does not get to see.
 *
 * @param env - of the stack, which is `.env` in its folder
 * @throws StackError with the line of each
 */
export function readReferences(own: ComposeFile, env: string, entries: Entries): References {
  const problems: StackProblem[] = [];
  const parts = new Map<string, string>();
  const lists = new Map<string, Buffer>([['.env', Buffer.from(env)]]);
  const folders = new Set<string>();
  const pending: ComposeFile[] = [own];

  function look(file: ComposeFile): void {
    function complain(at: Path, what: string, message: string): undefined {
      // Finding a line takes the longer the more there is in the file.
      if (problems.length >= MAX_PROBLEMS) return;
      problems.push({ line: file === own ? file.lineOf(at) : null, message: `${what} ${message}` });
    }

    function nameOf(reference: unknown, at: Path, what: string): string | undefined {
      if (typeof reference !== 'string' || reference === '') return complain(at, what, 'must be a path');
      if (reference.includes('$')) return complain(at, what, 'must not depend on a variable');
      // Whatever looks otherwise is, to one Compose or another, the address of a repository or an archive elsewhere.
      if (!plainName.test(reference)) {
        return complain(at, what, "must be the plain name of what lies directly in the stack's folder");
      }
      const name = path.posix.normalize(reference).replace(/\/$/, '');
      return name === '..' ? complain(at, what, "leads out of the stack's folder") : name;
    }

    function entryOf(name: string, at: Path, what: string): Entry | undefined {
      const entry = entries(name);
      if (entry?.kind !== 'OTHER') return entry;
      return complain(at, what, 'must lie directly in its folder, and be no link');
    }

    function isNew(
      name: string,
      [mine, others]: readonly ReadonlyMap<string, unknown>[],
      at: Path,
      what: string,
    ): boolean {
      if (mine?.has(name)) return false;
      if (others?.has(name)) complain(at, what, 'cannot be a list of variables as well');
      else if (parts.size + lists.size > MAX_REFERENCES) complain(at, what, 'is one file too many');
      else return true;
      return false;
    }

    function part(reference: unknown, at: Path, what: string): void {
      const name = nameOf(reference, at, what);
      if (name === undefined || !isNew(name, [parts, lists], at, what)) return;
      const entry = entryOf(name, at, what);
      // Compose says that it is missing.
      if (entry?.kind !== 'FILE') return;
      const read = readPart(name, entry.bytes.toString());
      parts.set(name, read.json);
      pending.push(read);
    }

    function list(reference: unknown, at: Path, what: string): void {
      const name = nameOf(reference, at, what);
      if (name === undefined || !isNew(name, [lists, parts], at, what)) return;
      const entry = entryOf(name, at, what);
      if (entry?.kind === 'FILE') lists.set(name, entry.bytes);
    }

    for (const [at, entry] of each(file.value['include'], ['include'])) {
      const {
        path: paths = entry,
        env_file: envFiles,
        project_directory: directory,
      } = isRecord(entry) ? entry : {};
      for (const [where, one] of each(paths, at)) part(one, where, 'What is included');
      for (const [where, one] of each(envFiles, at)) list(one, where, 'env_file');
      // It moves what other paths begin at.
      if (directory !== undefined) complain(at, 'project_directory', 'must lie in no other folder');
    }
    const { services } = file.value;
    for (const [name, service] of Object.entries(isRecord(services) ? services : {})) {
      if (!isRecord(service)) continue;
      const at = ['services', name];
      const { extends: extended, env_file: envFiles, label_file: labelFiles, build } = service;
      if (isRecord(extended) && extended['file'] !== undefined) {
        part(extended['file'], [...at, 'extends', 'file'], 'extends.file');
      }
      for (const [where, one] of each(envFiles, [...at, 'env_file'])) {
        list(isRecord(one) ? one['path'] : one, where, 'env_file');
      }
      for (const [where, one] of each(labelFiles, [...at, 'label_file'])) list(one, where, 'label_file');
      if (build === undefined || build === null) continue;
      const { context = '.', dockerfile } = isRecord(build) ? build : { context: build };
      const where = isRecord(build) ? [...at, 'build', 'context'] : [...at, 'build'];
      const folder = nameOf(context, where, 'build.context');
      if (folder !== undefined && entryOf(folder, where, 'build.context')?.kind === 'FOLDER')
        folders.add(folder);
      // Which context it is in is known once files are put together; see judge.ts.
      if (dockerfile !== undefined) nameOf(dockerfile, [...at, 'build', 'dockerfile'], 'build.dockerfile');
    }
  }

  for (const file of pending) look(file);
  if (problems.length > 0) throw new StackError(problems.slice(0, MAX_PROBLEMS));
  return {
    files: new Map<string, string | Buffer>([...parts, ...lists]),
    lists: new Map([...lists].map(([name, bytes]) => [name, bytes.toString()])),
    folders,
  };
}

/** @throws StackError that names the file, as lines of the stack's own are told without */
function readPart(name: string, text: string): ComposeFile {
  try {
    return readComposeFile(text, true);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    throw new StackError(
      error.problems.map(({ line, message }) => ({
        line: null,
        message: line === null ? `${name}: ${message}` : `${name}, line ${line}: ${message}`,
      })),
    );
  }
}

/** One or a list of them, with where each stands. */
function each(value: unknown, at: Path): [Path, unknown][] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map((one, index) => [[...at, index], one]) : [[at, value]];
}

/** Whether a path is below a folder, wherever symbolic links lead. What does not exist yet is where it is named. */
export function isInside(folder: string, target: string): boolean {
  const root = realOf(folder);
  const relative = path.relative(root, realOf(target));
  return !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative));
}

function realOf(target: string): string {
  try {
    return realpathSync(target);
  } catch {
    const parent = path.dirname(target);
    // A link into nowhere leads somewhere as soon as that is made.
    if (parent === target || isLink(target)) return path.parse(target).root;
    return path.join(realOf(parent), path.basename(target));
  }
}

/** What is not there is none. */
export function isLink(target: string): boolean {
  try {
    return lstatSync(target).isSymbolicLink();
  } catch {
    return false;
  }
}
