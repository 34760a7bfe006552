import {
  fileHashLabel,
  labelOf,
  secretFolder,
  secretName,
  secretNameRule,
  secretNames,
  secretsLabel,
  type PlacedFile,
  type SecretReferences,
} from '@serverkit/wire/secret-references.ts';
import { deliveryOf, type Delivery, type GivenSecret } from '../containers/secrets.ts';
import { isRecord, MAX_PROBLEMS, readComposeFile, type ComposeFile } from './compose-file.ts';
import type { Normalised, Normaliser, RunTarget } from './normalise.ts';
import { StackError, type StackProblem } from './problem.ts';
import { servicesOf } from './services-of.ts';

type JsonRecord = Readonly<Record<string, unknown>>;

/** As the file says it: the whole value of a variable of a service. */
const written = /^\$\{secret:([^}]*)\}$/;
/** Stands for it once it was understood; Compose's own variables look much the same. */
const mark = 'serverkit-secret:';
/** Compose is told the values by these variables alone: they are in no file, and in no argument. */
const variablePrefix = 'SERVERKIT_SECRET_';

const variableOf = (name: string): string => `${variablePrefix}${Buffer.from(name).toString('hex')}`;

/** A file with marks in the place of references. @throws StackError for a reference where none can be */
export function markSecrets(file: ComposeFile): JsonRecord {
  if (!file.json.includes('${secret:')) return file.value;
  const problems: StackProblem[] = [];
  const value = walk(file.value, [], problems, file);
  if (problems.length > 0) throw new StackError(problems);
  return isRecord(value) ? value : {};
}

function walk(
  value: unknown,
  path: readonly (string | number)[],
  problems: StackProblem[],
  file: ComposeFile,
): unknown {
  if (Array.isArray(value)) return value.map((one, index) => walk(one, [...path, index], problems, file));
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, walk(one, [...path, key], problems, file)]),
    );
  }
  if (typeof value !== 'string' || !value.includes('${secret:')) return value;
  const fail = (message: string): string => {
    if (problems.length < MAX_PROBLEMS) problems.push({ line: file.lineOf(path), message });
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
  return typeof path[3] === 'number' ? `${key}=${mark}${name}` : `${mark}${name}`;
}

function split(variable: string): readonly [string, string | undefined] {
  const end = variable.indexOf('=');
  return end < 0 ? [variable, undefined] : [variable.slice(0, end), variable.slice(end + 1)];
}

/** Secrets that a stack refers to, by the services that do. */
export function secretsOf({ value }: Pick<Normalised, 'value'>): ReadonlyMap<string, SecretReferences> {
  const external = externalSecrets(value);
  return new Map(
    [...servicesOf(value)].flatMap(([service, given]): [string, SecretReferences][] => {
      const variables = variablesOf(given).flatMap(([name, text]) =>
        typeof text === 'string' && text.startsWith(mark) ? [{ name, secret: text.slice(mark.length) }] : [],
      );
      const files = listOf(given['secrets']).flatMap((one) => fileOf(one, external) ?? []);
      return variables.length + files.length > 0 ? [[service, { variables, files }]] : [];
    }),
  );
}

/** Names of the secrets that a stack takes. */
export function secretNamesIn(stack: Pick<Normalised, 'value'>): string[] {
  return secretNames(allOf(secretsOf(stack)));
}

/** The same of a file as somebody wrote it; none where it cannot be read, which deploying it will say. */
export function secretsNamed(compose: string): string[] {
  // Most have none, and need not be read for that.
  if (!/\$\{secret:|external/.test(compose)) return [];
  try {
    return secretNamesIn({ value: markSecrets(readComposeFile(compose)) });
  } catch (error) {
    if (error instanceof StackError) return [];
    throw error;
  }
}

function allOf(services: ReadonlyMap<string, SecretReferences>): SecretReferences {
  const all = [...services.values()];
  return { variables: all.flatMap((one) => one.variables), files: all.flatMap((one) => one.files) };
}

/** By the name in the file: the name of what is ServerKit's. */
function externalSecrets(value: JsonRecord): ReadonlyMap<string, string> {
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

function variablesOf(service: JsonRecord): (readonly [string, unknown])[] {
  const { environment } = service;
  if (isRecord(environment)) return Object.entries(environment);
  return listOf(environment).flatMap((one) => (typeof one === 'string' ? [split(one)] : []));
}

function fileOf(given: unknown, external: ReadonlyMap<string, string>): PlacedFile | undefined {
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

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** @throws StackError for what a service cannot be given */
export function checkSecrets(stack: Pick<Normalised, 'value' | 'services'>, file: ComposeFile): void {
  const problems: StackProblem[] = [];
  for (const [service, { variables, files }] of secretsOf(stack)) {
    const fail = (key: string, message: string): void =>
      void problems.push({ line: file.lineOf(['services', service, key]), message });
    const unnamed = [...variables, ...files].find(({ secret }) => !secretName.test(secret));
    if (unnamed) fail('secrets', `the name of a secret ${secretNameRule}`);
    if (files.length === 0) continue;
    if (stack.services.get(service)?.['read_only'] === true) {
      fail('secrets', 'secrets in files do not go with a read-only file system; give them as variables');
    }
  }
  for (const section of ['secrets', 'configs']) {
    const entries = stack.value[section];
    for (const [key, one] of Object.entries(isRecord(entries) ? entries : {})) {
      if (!isRecord(one) || !String(one['environment']).startsWith(variablePrefix)) continue;
      problems.push({
        line: file.lineOf([section, key]),
        message: `${variablePrefix}… is kept for ServerKit`,
      });
    }
  }
  if (problems.length > 0) throw new StackError(problems);
}

/** @throws AgentError CONFLICT for a secret that did not come along */
export function requireSecrets(stack: Pick<Normalised, 'value'>, given: readonly GivenSecret[]): Delivery {
  return deliveryOf(allOf(secretsOf(stack)), given);
}

/** What Compose is run on to make containers with secrets, and what they are given beside what it makes. */
export interface StackDelivery {
  readonly target: RunTarget;
  /** By which Compose is told values. */
  readonly variables: Readonly<Record<string, string>>;
  /** By service; for those with files. */
  readonly files: ReadonlyMap<string, Delivery>;
}

/**
 * Has Compose give the containers of a stack their secrets. Each container is labelled with what it was given, by name, so
 * that nothing of it is told when it is looked into; with Compose's mark of the service as its file has it, for its own is
 * made of the values too; and with which values its files hold, as another value makes another container.
 *
 * @throws AgentError CONFLICT for a secret that did not come along
 */
export async function withSecrets(
  stack: RunTarget,
  given: readonly GivenSecret[],
  {
    normaliser,
    signal,
  }: { readonly normaliser: Pick<Normaliser, 'kept' | 'hashes'>; readonly signal: AbortSignal },
): Promise<StackDelivery> {
  const understood = await normaliser.kept(stack);
  const references = secretsOf(understood);
  if (references.size === 0) return { target: stack, variables: {}, files: new Map() };
  const { values } = requireSecrets(understood, given);
  const hashes = await normaliser.hashes(understood, signal);
  const stamps = new Map(given.map(({ name, stamp }) => [name, stamp ?? '']));
  const external = externalSecrets(understood.value);
  const services = [...understood.services].map(([name, service]): [string, JsonRecord] => {
    const own = references.get(name);
    if (!own) return [name, service];
    const labels = {
      [secretsLabel]: labelOf(own),
      [fileHashLabel]: hashes.get(name) ?? '',
      [stampsLabel]: own.files.map(({ secret }) => `${secret}=${stamps.get(secret) ?? ''}`).join(),
    };
    const { secrets, ...others } = service;
    // Compose mounts those that are files of the host, and knows nothing of ours.
    const left = listOf(secrets).filter((one) => !fileOf(one, external));
    return [
      name,
      {
        ...others,
        ...(left.length > 0 && { secrets: left }),
        environment: toldOf(service),
        labels: { ...labelsOf(service), ...escaped(labels) },
      },
    ];
  });
  const { secrets: section, ...rest } = understood.value;
  const kept = Object.entries(isRecord(section) ? section : {}).filter(([key]) => !external.has(key));
  const value = {
    ...rest,
    services: Object.fromEntries(services),
    ...(kept.length > 0 && { secrets: Object.fromEntries(kept) }),
  };
  return {
    target: { ...stack, json: JSON.stringify(value) },
    variables: Object.fromEntries([...values].map(([name, secret]) => [variableOf(name), secret])),
    files: new Map(
      [...references].flatMap(([name, own]): [string, Delivery][] =>
        own.files.length > 0 ? [[name, { references: own, values }]] : [],
      ),
    ),
  };
}

const stampsLabel = 'io.serverkit.secret-versions';

function toldOf(service: JsonRecord): JsonRecord {
  return Object.fromEntries(
    variablesOf(service).map(([name, text]) =>
      typeof text === 'string' && text.startsWith(mark)
        ? [name, `\${${variableOf(text.slice(mark.length))}}`]
        : [name, text ?? null],
    ),
  );
}

function labelsOf({ labels }: JsonRecord): JsonRecord {
  if (isRecord(labels)) return labels;
  return Object.fromEntries(
    listOf(labels)
      .map((one) => split(String(one)))
      .map(([key, text]) => [key, text ?? '']),
  );
}

/** Compose writes a dollar twice, and reads it once. */
function escaped(labels: Readonly<Record<string, string>>): JsonRecord {
  return Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, text.replaceAll('$', '$$$$')]));
}
