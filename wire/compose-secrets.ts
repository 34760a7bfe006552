import {
  isRecord,
  ComposeFileError,
  MAX_PROBLEMS,
  readComposeFile,
  type ComposeFile,
  type ComposeProblem,
} from './compose-file.ts';
import {
  secretFolder,
  secretName,
  secretNameRule,
  secretNames,
  type PlacedFile,
  type SecretReferences,
} from './secret-references.ts';

type JsonRecord = Readonly<Record<string, unknown>>;

/** As the file says it: the whole value of a variable of a service. */
const written = /^\$\{secret:([^}]*)\}$/;
/** Stands for it once it was understood; Compose's own variables look much the same. */
export const secretMark = 'serverkit-secret:';
/** A file with marks in the place of references. @throws ComposeFileError for a reference where none can be */
export function markSecrets(file: ComposeFile, as = secretMark): JsonRecord {
  if (!file.json.includes('${secret:')) return file.value;
  const problems: ComposeProblem[] = [];
  const value = walk(file.value, [], problems, { file, as });
  if (problems.length > 0) throw new ComposeFileError(problems);
  return isRecord(value) ? value : {};
}

function walk(
  value: unknown,
  path: readonly (string | number)[],
  problems: ComposeProblem[],
  marking: { readonly file: ComposeFile; readonly as: string },
): unknown {
  if (Array.isArray(value)) return value.map((one, index) => walk(one, [...path, index], problems, marking));
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, walk(one, [...path, key], problems, marking)]),
    );
  }
  if (typeof value !== 'string' || !value.includes('${secret:')) return value;
  const fail = (message: string): string => {
    if (problems.length < MAX_PROBLEMS) problems.push({ line: marking.file.lineOf(path), message });
    return value;
  };
  const isVariable = path.length === 4 && path[0] === 'services' && path[2] === 'environment';
  const [key, given] = typeof path[3] === 'number' ? split(value) : ['', value];
  const name = written.exec(given ?? '')?.[1];
  if (!isVariable || name === undefined) {
    return fail(
      'a secret can only be the whole value of a variable of a service, as in NAME: ${secret:name}',
    );
  }
  if (!secretName.test(name)) return fail(`the name of a secret ${secretNameRule}`);
  return typeof path[3] === 'number' ? `${key}=${marking.as}${name}` : `${marking.as}${name}`;
}

export const isMarked = (text: unknown, as: string): text is string =>
  typeof text === 'string' && text.startsWith(as);

export function split(variable: string): readonly [string, string | undefined] {
  const end = variable.indexOf('=');
  return end < 0 ? [variable, undefined] : [variable.slice(0, end), variable.slice(end + 1)];
}

/** What Compose makes of a stack's file. */
interface StackValue {
  readonly value: JsonRecord;
}

/** Secrets that a stack refers to, by the services that do. */
export function secretsOf({ value }: StackValue): ReadonlyMap<string, SecretReferences> {
  const external = externalSecrets(value);
  return new Map(
    [...servicesOf(value)].flatMap(([service, given]): [string, SecretReferences][] => {
      const variables = pairsOf(given['environment']).flatMap(([name, text]) =>
        isMarked(text, secretMark) ? [{ name, secret: text.slice(secretMark.length) }] : [],
      );
      const files = listOf(given['secrets']).flatMap((one) => fileOf(one, external) ?? []);
      return variables.length + files.length > 0 ? [[service, { variables, files }]] : [];
    }),
  );
}

/** Names of the secrets that a stack takes. */
export function secretNamesIn(stack: StackValue): string[] {
  return secretNames(allOf(secretsOf(stack)));
}

/** The same of a file as somebody wrote it; none where it cannot be read, which deploying it will say. */
export function secretsNamed(compose: string): string[] {
  // Most files ask for none, and reading a large one takes its time.
  if (!compose.includes('secret')) return [];
  try {
    return secretNamesIn({ value: markSecrets(readComposeFile(compose)) });
  } catch (error) {
    if (error instanceof ComposeFileError) return [];
    throw error;
  }
}

export function allOf(services: ReadonlyMap<string, SecretReferences>): SecretReferences {
  const all = [...services.values()];
  return { variables: all.flatMap((one) => one.variables), files: all.flatMap((one) => one.files) };
}

/** By the name in the file: the name of what is ServerKit's. */
export function externalSecrets(value: JsonRecord): ReadonlyMap<string, string> {
  const section = value['secrets'];
  return new Map(
    Object.entries(isRecord(section) ? section : {}).flatMap(([key, one]): [string, string][] => {
      if (!isRecord(one) || !one['external']) return [];
      // The first Compose notes the name below `external`.
      const { name = isRecord(one['external']) ? one['external']['name'] : undefined } = one;
      return [[key, typeof name === 'string' ? name : key]];
    }),
  );
}

/** Variables, arguments or labels, as a map or a list of `KEY=value`. */
export function pairsOf(given: unknown): (readonly [string, unknown])[] {
  if (isRecord(given)) return Object.entries(given);
  return listOf(given).flatMap((one) => (typeof one === 'string' ? [split(one)] : []));
}

export function fileOf(given: unknown, external: ReadonlyMap<string, string>): PlacedFile | undefined {
  const { source, target, mode, uid, gid } = isRecord(given) ? given : { source: given };
  const secret = typeof source === 'string' ? external.get(source) : undefined;
  if (secret === undefined) return undefined;
  const name = typeof target === 'string' && target !== '' ? target : String(source);
  return {
    secret,
    path: name.startsWith('/') ? name : `${secretFolder}/${name}`,
    // As Compose does where nothing else is said.
    mode: typeof mode === 'number' ? mode : Number.parseInt(typeof mode === 'string' ? mode : '444', 8),
    uid: Number(uid ?? 0),
    gid: Number(gid ?? 0),
  };
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The services of a stack, by name. */
export function servicesOf(value: JsonRecord): ReadonlyMap<string, JsonRecord> {
  const services = value['services'];
  return new Map(
    Object.entries(isRecord(services) ? services : {}).map(([name, service]) => [
      name,
      isRecord(service) ? service : {},
    ]),
  );
}
