import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { MAX_FILE } from '@serverkit/wire/compose-file.ts';
import type { Authority } from '../docker/privilege/guard.ts';
import { AgentError, systemCode } from '../errors.ts';
import { readComposeFile } from './compose-file.ts';
import { isInside } from './references.ts';
import type { StackFiles } from './store.ts';

/** Where a stack has its files that the agent did not make. Both without symbolic links. */
export interface StackPlace {
  /** Absolute. */
  readonly folder: string;
  /** Name of its Compose file in there. */
  readonly file: string;
}

/** What stands at a place. */
export interface PlacedFiles {
  readonly place: StackPlace;
  readonly files: StackFiles;
}

/** In the order in which Compose looks for them. */
const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
/** No container of a stack gets a file of such a name to write to without being judged for it; see judge.ts. */
const fittingName = /^(docker-)?compose\.[\w.-]+$/;
const envFile = '.env';

/**
 * Reads a stack's files wherever they lie on this host. Whoever asks may have made up the path, in a container's labels
 * for example, so it takes what opening the host's files to a container takes, and gives away nothing but Compose files.
 *
 * @param given - a Compose file, or the folder it is in
 * @param kept - where the agent has its own stacks: what lies there is not taken over
 * @throws AgentError
 */
export function readPlace(given: string, authority: Authority, kept: string): PlacedFiles {
  requirePlaceScope(authority);
  if (!path.isAbsolute(given)) throw new AgentError('INPUT_INVALID', 'The path must be absolute.');
  const [folder, file] = placeOf(given, authority);
  if (isInside(kept, folder)) {
    throw new AgentError('CONFLICT', `${folder} is where the agent keeps its own stacks.`);
  }
  const compose = readPlain(path.join(folder, file), authority);
  if (compose === undefined) throw notThere(path.join(folder, file));
  try {
    readComposeFile(compose);
  } catch (error) {
    // Its own words would quote a file that may be none of the asker's business.
    throw new AgentError('INPUT_INVALID', `${path.join(folder, file)} is not a Compose file.`, error);
  }
  return {
    place: { folder, file },
    files: { compose, env: readPlain(path.join(folder, envFile), authority) ?? '' },
  };
}

/**
 * Of a stack in a folder of the server's own, the file may name whatever lies there, for Compose to read or for a container
 * to have; so each new text of it takes what taking it over took.
 *
 * @throws AgentError PRIVILEGE_NEEDED
 */
export function requirePlaceScope({ scopes }: Pick<Authority, 'scopes'>): void {
  if (scopes.has('docker:containers:privileged')) return;
  throw new AgentError(
    'PRIVILEGE_NEEDED',
    'Files of the server outside of the folder for stacks take docker:containers:privileged.',
  );
}

/** @throws AgentError where the account that the agent runs as cannot change the files there */
export function requireWritable({ folder, file }: StackPlace): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new AgentError(
      'POLICY_DENIED',
      `The agent's account cannot write to ${folder}, where ${file} is. Give it the folder (chown or setfacl), and try again.`,
      error,
    );
  }
}

function placeOf(given: string, authority: Authority): readonly [folder: string, file: string] {
  const real = allowed(given, authority);
  const usual = usualNames.find((name) => canBeRead(path.join(real, name)));
  const [folder, file] = usual === undefined ? [path.dirname(real), path.basename(real)] : [real, usual];
  if (fittingName.test(file)) return [folder, file];
  throw new AgentError(
    'INPUT_INVALID',
    `There is no ${usualNames[0]} in ${given}, and a Compose file has to be called like compose.yaml or docker-compose.yml.`,
  );
}

/** With its symbolic links resolved. @throws AgentError */
function allowed(given: string, authority: Authority): string {
  // Before anything is said of whether it exists.
  if (authority.deniesPath(given)) throw denied(given);
  try {
    return realpathSync(given);
  } catch (error) {
    throw problemOf(given, error);
  }
}

function canBeRead(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A plain file, as it is where it truly lies: nobody swaps a link in between the look and the reading.
 *
 * @returns undefined when there is none
 * @throws AgentError
 */
export function readPlain(file: string, authority: Pick<Authority, 'deniesPath'>): string | undefined {
  let fd: number;
  try {
    // Not held up by a pipe that nobody writes to.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw problemOf(file, error);
  }
  try {
    const opened = process.platform === 'linux' ? realpathSync(`/proc/self/fd/${fd}`) : file;
    if (opened !== file || authority.deniesPath(opened)) throw denied(file);
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new AgentError('INPUT_INVALID', `${file} is not a file.`);
    if (stat.size > MAX_FILE) throw new AgentError('INPUT_INVALID', `${file} is larger than 1 MB.`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

const denied = (file: string): AgentError =>
  new AgentError('POLICY_DENIED', `This agent's own configuration denies ${file}, or what it leads to.`);

const notThere = (file: string): AgentError => new AgentError('NOT_FOUND', `There is no file ${file}.`);

function problemOf(file: string, error: unknown): AgentError {
  switch (systemCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return notThere(file);
    case 'ELOOP':
      return new AgentError('INPUT_INVALID', `${file} is a symbolic link, and its target may change.`, error);
    default:
      return new AgentError(
        'POLICY_DENIED',
        `The agent's account cannot read ${file}. Let it read the file and its folder (chown or setfacl), and try again.`,
        error,
      );
  }
}
