import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import {
  isRecord,
  MAX_FILE,
  MAX_PROBLEMS,
  readComposeFile,
  tooLarge,
  type ComposeFile,
} from './compose-file.ts';
import { StackError, type StackProblem } from './problem.ts';

/** Files that include files that include files. */
const MAX_DEPTH = 5;

/**
 * Refuses a file that would have Compose read, while it is merely looked at, what is not the stack's own: `extends`,
 * `include`, `env_file`, `label_file` and build contexts must lie directly in the stack's folder and be no symbolic links.
 *
 * @throws StackError with the line of each
 */
export function checkReferences(file: ComposeFile, folder: string): void {
  const problems = problemsOf(file, { base: folder, folder, depth: 0 });
  if (problems.length > 0) throw new StackError(problems);
}

interface Place {
  /** What relative paths begin at. */
  readonly base: string;
  readonly folder: string;
  readonly depth: number;
}

type Path = readonly (string | number)[];

const plainName = /^(?:\.\/)?[\w.-]+\/?$|^\.\/$/;

function problemsOf(file: ComposeFile, place: Place): StackProblem[] {
  const problems: StackProblem[] = [];

  /** @returns where it leads, or undefined after having complained */
  function inside(reference: unknown, at: Path, what: string, parent = place.folder): string | undefined {
    function complain(message: string): undefined {
      // Finding a line takes the longer the more there is in the file.
      if (problems.length >= MAX_PROBLEMS) return;
      problems.push({ line: place.depth === 0 ? file.lineOf(at) : null, message: `${what} ${message}` });
    }
    if (typeof reference !== 'string' || reference === '') return complain('must be a path');
    if (reference.includes('$')) return complain('must not depend on a variable');
    // Whatever looks otherwise is, to one Compose or another, the address of a repository or an archive elsewhere.
    if (!plainName.test(reference)) {
      return complain("must be the plain name of what lies directly in the stack's folder");
    }
    const target = path.resolve(parent, reference);
    if (!isInside(place.folder, target)) return complain("leads out of the stack's folder");
    // A container that writes to a folder could have swapped what is below it for a link by the time Compose reads it.
    const direct = target === parent || (path.dirname(target) === parent && !isLink(target));
    return direct ? target : complain('must lie directly in its folder, and be no link');
  }

  function descend(target: string | undefined): void {
    if (target === undefined) return;
    if (place.depth >= MAX_DEPTH) {
      problems.push({ line: null, message: 'Files that include each other are nested too deeply.' });
      return;
    }
    const text = readSmall(target);
    if (text === undefined) return;
    const base = path.dirname(target);
    problems.push(...problemsOf(readComposeFile(text, true), { ...place, base, depth: place.depth + 1 }));
  }

  for (const [at, entry] of each(file.value['include'], ['include'])) {
    const {
      path: paths = entry,
      env_file: envFiles,
      project_directory: directory,
    } = isRecord(entry) ? entry : {};
    for (const [where, one] of each(paths, at)) descend(inside(one, where, 'What is included'));
    for (const [where, one] of each(envFiles, at)) inside(one, where, 'env_file');
    // It moves what other paths begin at.
    if (directory !== undefined)
      problems.push({ line: null, message: 'project_directory must lie in no other folder' });
  }
  const { services } = file.value;
  for (const [name, service] of Object.entries(isRecord(services) ? services : {})) {
    if (!isRecord(service)) continue;
    const at = ['services', name];
    const { extends: extended, env_file: envFiles, label_file: labelFiles, build } = service;
    if (isRecord(extended) && extended['file'] !== undefined) {
      descend(inside(extended['file'], [...at, 'extends', 'file'], 'extends.file'));
    }
    for (const [where, one] of each(envFiles, [...at, 'env_file'])) {
      inside(isRecord(one) ? one['path'] : one, where, 'env_file');
    }
    for (const [where, one] of each(labelFiles, [...at, 'label_file'])) inside(one, where, 'label_file');
    checkBuild(build, [...at, 'build'], inside);
  }
  return problems;
}

function checkBuild(
  build: unknown,
  at: Path,
  inside: (reference: unknown, at: Path, what: string, parent?: string) => string | undefined,
): void {
  if (build === undefined || build === null) return;
  const { context = '.', dockerfile } = isRecord(build) ? build : { context: build };
  const folder = inside(context, isRecord(build) ? [...at, 'context'] : at, 'build.context');
  if (folder === undefined || dockerfile === undefined || typeof dockerfile !== 'string') return;
  inside(dockerfile, [...at, 'dockerfile'], 'build.dockerfile', folder);
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

function isLink(target: string): boolean {
  try {
    return lstatSync(target).isSymbolicLink();
  } catch {
    return false;
  }
}

/** @throws StackError for one that is too large to be a part of a stack */
function readSmall(file: string): string | undefined {
  try {
    const stat = lstatSync(file);
    if (!stat.isFile()) return undefined;
    if (stat.size > MAX_FILE) throw tooLarge(path.basename(file));
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof StackError) throw error;
    // Compose says what is wrong with it.
    return undefined;
  }
}
