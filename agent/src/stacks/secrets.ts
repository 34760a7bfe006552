import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { isRecord, jsonForCompose, MAX_PROBLEMS, type ComposeFile } from '@serverkit/wire/compose-file.ts';
import {
  allOf,
  externalSecrets,
  fileOf,
  isMarked,
  listOf,
  markSecrets,
  pairsOf,
  secretMark,
  secretNamesIn,
  secretsNamed,
  secretsOf,
  servicesOf,
  split,
} from '@serverkit/wire/compose-secrets.ts';
import {
  fileHashLabel,
  isWithin,
  labelOf,
  placedProblems,
  secretName,
  secretNameRule,
  secretNames,
  secretsLabel,
} from '@serverkit/wire/secret-references.ts';
import { deliveryOf, type Delivery, type GivenSecret } from '../containers/secrets.ts';
import { object, parse } from '../docker/json.ts';
import { ofStack } from './compose-file.ts';
import type { Normalised, Normaliser, RunTarget } from './normalise.ts';
import { StackError, type StackProblem } from './problem.ts';

type JsonRecord = Readonly<Record<string, unknown>>;

/** Compose is told the values by such variables alone: they are in no file, and in no argument. */
const variablePrefix = 'SERVERKIT_SECRET_';

/**
 * Stands for references while Compose reads a file. It is drawn each time, so that no variable, env file or included file
 * can hold it: what Compose says begins with it was a reference of the stack's own file.
 */
export const drawMark = (): string => `serverkit-secret-${randomBytes(16).toString('hex')}:`;

/**
 * What Compose made of a file that was marked with a drawn mark, with the mark that is kept in its place. Secrets are only
 * asked for in the stack's own file: whoever deploys it is asked for the right by what stands there.
 *
 * @throws StackError for one that came in from elsewhere
 */
export function settleSecrets(value: JsonRecord, drawn: string, file: ComposeFile): JsonRecord {
  const forged = "a secret is asked for by ${secret:name} in the stack's own file, and by nothing else";
  const problems: StackProblem[] = [];
  const services = [...servicesOf(value)].map(([name, service]): [string, JsonRecord] => {
    const variables = pairsOf(service['environment']);
    if (variables.some(([, text]) => isMarked(text, secretMark))) {
      problems.push({ line: file.lineOf(['services', name, 'environment']), message: forged });
    }
    if (!variables.some(([, text]) => isMarked(text, drawn))) return [name, service];
    const environment = variables.map(([key, text]) => [
      key,
      isMarked(text, drawn) ? `${secretMark}${text.slice(drawn.length)}` : (text ?? null),
    ]);
    return [name, { ...service, environment: Object.fromEntries(environment) }];
  });
  if (problems.length > 0) throw new StackError(problems.slice(0, MAX_PROBLEMS));
  const settled = { ...value, services: Object.fromEntries(services) };
  const named = new Set(secretNamesIn({ value: ofStack(() => markSecrets(file)) }));
  for (const [name, references] of secretsOf({ value: settled })) {
    if (secretNames(references).every((secret) => named.has(secret))) continue;
    problems.push({
      line: file.lineOf(['services', name]),
      message: `a secret of ${name} is named by a variable or another file; name it in the stack's own file`,
    });
  }
  if (problems.length > 0) throw new StackError(problems.slice(0, MAX_PROBLEMS));
  return settled;
}

/**
 * Those that a version asks for: by its file, which is read anew when it is deployed again, and by what was made of that,
 * which is run as it is.
 */
export function secretsOfVersion({
  files,
  normalised,
}: {
  readonly files: { readonly compose: string };
  readonly normalised: string;
}): string[] {
  return [...new Set([...secretsNamed(files.compose), ...secretsKept({ normalised })])];
}

/** Those of what was made of a version's file. */
export function secretsKept({ normalised }: { readonly normalised: string }): string[] {
  return secretNamesIn({ value: object(parse(normalised)) });
}

/**
 * Of those that came along the ones that a file may be given. The right to them was asked for by the same names; the rest
 * came for the version before alone, and going back to that takes no right.
 */
export function allowedTo(compose: string, given: readonly GivenSecret[]): GivenSecret[] {
  const named = new Set(secretsNamed(compose));
  return given.filter(({ name }) => named.has(name));
}

/** @throws StackError for what a service cannot be given */
export function checkSecrets(stack: Pick<Normalised, 'value' | 'services'>, file: ComposeFile): void {
  const problems: StackProblem[] = [];
  for (const [service, { variables, files }] of secretsOf(stack)) {
    const fail = (key: string, message: string): void =>
      void problems.push({ line: file.lineOf(['services', service, key]), message });
    const unnamed = [...variables, ...files].find(({ secret }) => !secretName.test(secret));
    if (unnamed) fail('secrets', `the name of a secret ${secretNameRule}`);
    const targets = new Set(files.map((one) => one.path));
    if (targets.size < files.length) fail('secrets', 'two secrets have the same target');
    for (const wrong of files.flatMap(placedProblems).slice(0, MAX_PROBLEMS)) {
      fail('secrets', `the ${wrong.key} of a secret ${wrong.message}`);
    }
    if (files.length === 0) continue;
    const mounts = mountsOf(stack.services.get(service) ?? {});
    if (files.some((one) => mounts.some((mount) => isWithin(mount, one.path)))) {
      fail(
        'secrets',
        'a secret cannot lie within a mount, where it would outlive the container or be hidden',
      );
    }
    if (stack.services.get(service)?.['read_only'] === true) {
      fail('secrets', 'secrets in files do not go with a read-only file system; give them as variables');
    }
  }
  // One without a value has that of Compose's own environment, where the values of others are.
  for (const [service, { environment, build }] of stack.services) {
    for (const [given, at] of [
      [environment, ['environment']],
      [isRecord(build) ? build['args'] : undefined, ['build', 'args']],
    ] as const) {
      if (!pairsOf(given).some(([name]) => name.startsWith(variablePrefix))) continue;
      problems.push({
        line: file.lineOf(['services', service, ...at]),
        message: `${variablePrefix}… is kept for ServerKit`,
      });
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

/** What the file itself mounts; what its images do is seen once there is a container. */
function mountsOf({ volumes, tmpfs }: JsonRecord): string[] {
  const memory = typeof tmpfs === 'string' ? [tmpfs] : listOf(tmpfs);
  const targets = [
    ...listOf(volumes).map((one) => {
      if (typeof one !== 'string') return isRecord(one) ? one['target'] : undefined;
      const [source, target = source] = one.split(':');
      return target;
    }),
    ...memory.map((one) => String(one).split(':')[0]),
  ];
  return targets.flatMap((one) => (typeof one === 'string' ? [posix.resolve('/', one)] : []));
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
  // Drawn, or another service could name the variable of a secret that it was not given.
  const prefix = `${variablePrefix}${randomBytes(16).toString('hex')}_`;
  const variableOf = (secret: string): string => `${prefix}${Buffer.from(secret).toString('hex')}`;
  const told = new Set([...references.values()].flatMap((one) => one.variables.map(({ secret }) => secret)));
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
        environment: toldOf(service, variableOf),
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
    target: { ...stack, json: jsonForCompose(value) },
    variables: Object.fromEntries([...told].map((secret) => [variableOf(secret), values.get(secret) ?? ''])),
    files: new Map(
      [...references].flatMap(([name, own]): [string, Delivery][] =>
        own.files.length > 0 ? [[name, { references: own, values }]] : [],
      ),
    ),
  };
}

const stampsLabel = 'io.serverkit.secret-versions';

function toldOf({ environment }: JsonRecord, variableOf: (secret: string) => string): JsonRecord {
  return Object.fromEntries(
    pairsOf(environment).map(([name, text]) =>
      isMarked(text, secretMark)
        ? [name, `\${${variableOf(text.slice(secretMark.length))}}`]
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
