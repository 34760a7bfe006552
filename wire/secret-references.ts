import type { ContainerSpec, SecretFile, SecretVariable } from './container-spec.ts';
import type { SpecProblem } from './container-rules.ts';

/** Names of secrets: also names of files, and of keys in a Compose file. */
export const secretName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;
export const secretNameRule = 'must be 1 to 64 letters, digits, dots, dashes or underscores';

/** Longest value. Linux takes no longer variable. Bytes. */
export const longestSecret = 65_536;

/** What of a container came from secrets stands in this label of it: by name, never with a value. */
export const secretsLabel = 'io.serverkit.secrets';

/**
 * Compose's mark of a service with secrets, made of their names: its own is made of their values as well, which somebody
 * could guess until the mark is the same, so that one is not told.
 */
export const fileHashLabel = 'io.serverkit.config-hash';

/** Only ServerKit itself puts these down: whoever could would have others hand out secrets. */
export function isReservedLabel(key: string): boolean {
  return key.startsWith('io.serverkit.');
}

/** References of a container, whole. */
export interface SecretReferences {
  readonly variables: readonly SecretVariable[];
  readonly files: readonly PlacedFile[];
}

/** A file with all that was left out. */
export interface PlacedFile {
  readonly secret: string;
  readonly path: string;
  readonly mode: number;
  /** Null for the container's user. */
  readonly uid: number | null;
  readonly gid: number | null;
}

/** More than any program wants, and as many as a label is read whole with. */
const most = 32;
const readableByOwner = 0o400;

export const secretFolder = '/run/secrets';

export function placed({ secret, path, mode, uid, gid }: SecretFile): PlacedFile {
  return {
    secret,
    path: path ?? `${secretFolder}/${secret}`,
    mode: mode ?? readableByOwner,
    uid: uid ?? null,
    gid: gid ?? null,
  };
}

export function referencesOf({ secretVariables, secretFiles }: SecretParts): SecretReferences {
  return { variables: secretVariables ?? [], files: (secretFiles ?? []).map(placed) };
}

/** The secrets that are meant, each once. */
export function secretNames({ variables, files }: SecretReferences): string[] {
  return [...new Set([...variables, ...files].map(({ secret }) => secret))];
}

export function labelOf({ variables, files }: SecretReferences): string {
  return JSON.stringify({
    variables: variables.map(({ name, secret }) => ({ name, secret })),
    files,
  });
}

type SecretParts = Pick<ContainerSpec, 'secretVariables' | 'secretFiles'>;

export const noReferences: SecretReferences = { variables: [], files: [] };

/** What a label says; nothing for what is no such label. */
export function readLabel(label: string | undefined): SecretReferences {
  if (label === undefined) return noReferences;
  let value: unknown;
  try {
    value = JSON.parse(label);
  } catch {
    return noReferences;
  }
  return {
    variables: listIn(value, 'variables').flatMap(({ name, secret }) =>
      typeof name === 'string' && typeof secret === 'string' ? [{ name, secret }] : [],
    ),
    files: listIn(value, 'files').flatMap(({ secret, path, mode, uid, gid }) =>
      typeof secret === 'string' && typeof path === 'string'
        ? [
            {
              secret,
              path,
              mode: typeof mode === 'number' ? mode : readableByOwner,
              uid: typeof uid === 'number' ? uid : null,
              gid: typeof gid === 'number' ? gid : null,
            },
          ]
        : [],
    ),
  };
}

function listIn(value: unknown, key: string): Readonly<Record<string, unknown>>[] {
  const list: unknown = isRecord(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with the references of a spec. */
export function secretProblems(spec: ContainerSpec): SpecProblem[] {
  const found: SpecProblem[] = [];
  const fail = (path: SpecProblem['path'], message: string): void => void found.push({ path, message });
  const [variables, files] = [spec.secretVariables ?? [], spec.secretFiles ?? []];
  if (variables.length + files.length > most) {
    fail([variables.length > most ? 'secretVariables' : 'secretFiles'], `must be at most ${most} in all`);
    return found;
  }
  const taken = new Set((spec.environment ?? []).map(({ name }) => name));
  for (const [index, { name, secret }] of variables.entries()) {
    const path = ['secretVariables', index];
    if (!/^[^=\0\s]{1,256}$/.test(name)) fail([...path, 'name'], 'must be a name without blanks and "="');
    if (!secretName.test(secret)) fail([...path, 'secret'], secretNameRule);
    if (taken.has(name)) fail([...path, 'name'], 'is there already');
    taken.add(name);
  }
  const paths = new Set<string>();
  for (const [index, file] of files.entries()) {
    const at = ['secretFiles', index];
    if (!secretName.test(file.secret)) {
      fail([...at, 'secret'], secretNameRule);
      continue;
    }
    const whole = placed(file);
    const { path } = whole;
    for (const { key, message } of placedProblems(whole)) fail([...at, key], message);
    if (paths.has(path)) fail([...at, 'path'], 'is there already');
    paths.add(path);
    const mount = spec.mounts?.find(({ target }) => isWithin(target, path));
    if (mount)
      fail([...at, 'path'], 'lies within a mount, where it would outlive the container or be hidden');
  }
  if (files.length > 0 && spec.readOnly)
    fail(['secretFiles'], 'do not go with a read-only file system; take variables');
  return found;
}

/** What keeps a file from being put into a container as it is meant. */
export function placedProblems({ path, mode, uid, gid }: Pick<PlacedFile, 'path' | 'mode' | 'uid' | 'gid'>): {
  readonly key: 'path' | 'mode' | 'uid' | 'gid';
  readonly message: string;
}[] {
  const isOwner = (id: number | null): boolean => id === null || isWhole(id, 2_097_151);
  const owner = 'must be a number from 0 to 2097151';
  return [
    ...(isPlainPath(path)
      ? []
      : [{ key: 'path' as const, message: 'must be the absolute path of a file, at most 100 characters' }]),
    ...(isWhole(mode, 0o777) ? [] : [{ key: 'mode' as const, message: 'must be from 0 to 511 (0777)' }]),
    ...(isOwner(uid) ? [] : [{ key: 'uid' as const, message: owner }]),
    ...(isOwner(gid) ? [] : [{ key: 'gid' as const, message: owner }]),
  ];
}

/** What an archive of the plain format holds (ustar): names up to 100 bytes, owners up to 7 octal digits. */
function isPlainPath(path: string): boolean {
  if (!/^(\/[a-zA-Z0-9_.-]+)+$/.test(path) || path.length > 100) return false;
  return !path.split('/').some((part) => part === '.' || part === '..');
}

/** Whether a path is a folder or lies in it. */
export function isWithin(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`) || path === folder;
}

function isWhole(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max;
}
