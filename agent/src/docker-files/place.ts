import { AgentError } from '../errors.ts';

/** Whose files are meant. */
export const placeKinds = ['CONTAINER', 'VOLUME'] as const;

export interface FilePlace {
  readonly kind: (typeof placeKinds)[number];
  /** A container's full id, 12 digits or more of it, or its name; a volume's name. */
  readonly id: string;
}

/** PATH_MAX of Linux, with its zero byte. Bytes. */
const MAX_PATH = 4095;
/** NAME_MAX of Linux. Bytes. */
const MAX_NAME = 255;

/**
 * An absolute path without detours. What names another place than it seems to is refused rather than tidied up.
 *
 * @throws AgentError INPUT_INVALID
 */
export function checkedPath(path: string): string {
  const refuse = (why: string): never => {
    throw new AgentError('INPUT_INVALID', `The path ${why}.`);
  };
  if (!path.startsWith('/')) refuse('must begin with "/"');
  if (path.includes('\0')) refuse('must not hold NUL');
  if (!path.isWellFormed()) refuse('is not text');
  if (Buffer.byteLength(path) > MAX_PATH) refuse(`is longer than ${MAX_PATH} bytes`);
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) refuse('must not go up with ".."');
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME))
    refuse(`has a name of more than ${MAX_NAME} bytes`);
  return `/${names.join('/')}`;
}

/** @param path - checked */
export function joined(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** Whether it is the folder or below it. Both checked. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
