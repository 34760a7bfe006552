import {
  limitNames,
  listNames,
  switchNames,
  textNames,
  type Draft,
  type LimitName,
  type ListName,
  type MountRow,
  type NetworkRow,
  type PortRow,
  type SecretFileRow,
  type TextName,
} from './draft.ts';
import { namedBy } from '../../secrets/reference.ts';
import { bytesOf, durationOf, numberOf } from './quantities.ts';
import { shellLine } from './shell-words.ts';
import { deviceOf, halves, signalOf, ulimitOf } from './short-forms.ts';
import type { Healthcheck, Limits, Mount, Network, Port, SecretFile, Spec } from './spec.ts';

/** Why what stands in a field cannot even be sent. */
export type FieldProblem =
  'device' | 'duration' | 'mode' | 'number' | 'owner' | 'port' | 'quote' | 'size' | 'ulimit';

export interface Checked {
  readonly spec: Spec;
  /** By path, as the API tells its own: `ports.0.hostPort`. */
  readonly problems: ReadonlyMap<string, FieldProblem>;
}

/** Rows that nobody filled in. Without them the places of the API's problems are those of the form's rows. */
export function withoutBlankRows(draft: Draft): void {
  takeReferences(draft);
  draft.environment = draft.environment.filter(({ name, value }) => name.trim() !== '' || value !== '');
  draft.labels = draft.labels.filter(({ key, value }) => key.trim() !== '' || value !== '');
  draft.ports = draft.ports.filter(({ hostAddress, hostPort, containerPort }) =>
    [hostAddress, hostPort, containerPort].some((field) => field.trim() !== ''),
  );
  draft.mounts = draft.mounts.filter(({ source, target }) => source.trim() !== '' || target.trim() !== '');
  draft.secretVariables = draft.secretVariables.filter(
    ({ name, secret }) => name.trim() !== '' || secret !== '',
  );
  draft.secretFiles = draft.secretFiles.filter(({ secret, path }) => secret !== '' || path.trim() !== '');
  draft.networks = draft.networks.filter(({ name }) => name.trim() !== '');
}

/** A variable whose value refers to a secret, as in a Compose file, is one that takes it. */
function takeReferences(draft: Draft): void {
  for (const { name, value } of draft.environment) {
    const secret = namedBy(value);
    if (secret !== undefined) draft.secretVariables.push({ name, secret });
  }
  draft.environment = draft.environment.filter(({ value }) => namedBy(value) === undefined);
}

/** What the form says. Rules that the API checks are left to it; here is only what cannot be put into its words. */
export function specOf(draft: Draft): Checked {
  const problems = new Map<string, FieldProblem>();
  const spec: Spec = { image: draft.image.trim() };
  const name = draft.name.trim();
  if (name !== '') spec.name = name;
  const command = wordsOf(draft.command, 'command', problems);
  if (command) spec.command = command;
  const entrypoint = wordsOf(draft.entrypoint, 'entrypoint', problems);
  if (entrypoint) spec.entrypoint = entrypoint.length === 1 && entrypoint[0] === '' ? [] : entrypoint;
  if (draft.environment.length > 0)
    spec.environment = draft.environment.map((one) => ({ name: one.name.trim(), value: one.value }));
  if (draft.secretVariables.length > 0)
    spec.secretVariables = draft.secretVariables.map((one) => ({
      name: one.name.trim(),
      secret: one.secret.trim(),
    }));
  if (draft.secretFiles.length > 0)
    spec.secretFiles = draft.secretFiles.map((row, at) => secretFileOf(row, `secretFiles.${at}`, problems));
  if (draft.labels.length > 0)
    spec.labels = draft.labels.map(({ key, value }) => ({ key: key.trim(), value }));
  if (draft.ports.length > 0) spec.ports = draft.ports.map((row, at) => portOf(row, `ports.${at}`, problems));
  if (draft.mounts.length > 0)
    spec.mounts = draft.mounts.map((row, at) => mountOf(row, `mounts.${at}`, problems));
  if (draft.networks.length > 0) spec.networks = draft.networks.map(networkOf);
  if (draft.restart !== '') {
    const retries = draft.restart === 'ON_FAILURE' ? draft.retries : '';
    spec.restartPolicy = {
      name: draft.restart,
      ...optional('maximumRetries', number(retries, 'restartPolicy.maximumRetries', problems)),
    };
  }
  const limits = limitsOf(draft.limits, problems);
  if (Object.keys(limits).length > 0) spec.limits = limits;
  const check = healthcheckOf(draft.health, problems);
  if (check) spec.healthcheck = check;
  for (const one of switchNames) if (draft.switches[one]) spec[one] = true;
  for (const one of textNames) putText(spec, one, draft.texts[one].trim(), problems);
  for (const one of listNames) putList(spec, one, lines(draft.lists[one]), problems);
  return { spec, problems };
}

/** What the fields of limits say; also those of a container that is there. */
export function limitsOf(
  fields: Readonly<Partial<Record<LimitName, string>>>,
  problems: Map<string, FieldProblem>,
): Limits {
  const limits: Limits = {};
  for (const name of limitNames) {
    const given = fields[name]?.trim() ?? '';
    const path = `limits.${name}`;
    if (given === '') continue;
    if (name === 'cpuset') limits.cpuset = given;
    else if (name === 'memorySwapBytes' && given === '-1') limits.memorySwapBytes = -1;
    else {
      const value = name.endsWith('Bytes') ? size(given, path, problems) : number(given, path, problems);
      if (value !== null) limits[name] = value;
    }
  }
  return limits;
}

type Problems = Map<string, FieldProblem>;

function wordsOf(line: string, path: string, problems: Problems): string[] | null {
  if (line.trim() === '') return null;
  // Nothing of it is a shell's: what only a shell understands is a word like any other.
  const { words, open } = shellLine(line, 'words');
  if (open !== null) problems.set(path, 'quote');
  return [...words];
}

function portOf(row: PortRow, path: string, problems: Problems): Port {
  const hostPort = port(row.hostPort, `${path}.hostPort`, problems);
  const containerPort = port(row.containerPort, `${path}.containerPort`, problems);
  if (containerPort === null) problems.set(`${path}.containerPort`, 'port');
  const address = row.hostAddress.trim();
  return {
    containerPort: containerPort ?? 0,
    ...optional('hostPort', hostPort),
    ...(address !== '' && { hostAddress: address }),
    ...(row.protocol !== 'tcp' && { protocol: row.protocol }),
  };
}

function secretFileOf(
  { secret, path, mode, owner }: SecretFileRow,
  at: string,
  problems: Problems,
): SecretFile {
  const octal = mode.trim();
  if (!/^(0?[0-7]{3})?$/.test(octal)) problems.set(`${at}.mode`, 'mode');
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(owner.trim()) ?? [];
  if (owner.trim() !== '' && uid === undefined) problems.set(`${at}.uid`, 'owner');
  return {
    secret: secret.trim(),
    ...(path.trim() !== '' && { path: path.trim() }),
    ...(octal !== '' && { mode: Number.parseInt(octal, 8) }),
    ...(uid !== undefined && { uid: Number(uid) }),
    ...(gid !== undefined && { gid: Number(gid) }),
  };
}

function mountOf(
  { kind, source, target, readOnly, size: limit }: MountRow,
  path: string,
  problems: Problems,
): Mount {
  const memory = kind === 'TMPFS';
  return {
    kind,
    ...(!memory && source.trim() !== '' && { source: source.trim() }),
    target: target.trim(),
    ...(!memory && readOnly && { readOnly }),
    ...(memory && limit.trim() !== '' && optional('sizeBytes', size(limit, `${path}.sizeBytes`, problems))),
  };
}

function networkOf({ name, aliases, ipv4Address, ipv6Address }: NetworkRow): Network {
  const names = aliases.split(/[\s,]+/).filter(Boolean);
  return {
    name: name.trim(),
    ...(names.length > 0 && { aliases: names }),
    ...(ipv4Address.trim() !== '' && { ipv4Address: ipv4Address.trim() }),
    ...(ipv6Address.trim() !== '' && { ipv6Address: ipv6Address.trim() }),
  };
}

function healthcheckOf(health: Draft['health'], problems: Problems): Healthcheck | null {
  if (health.kind === 'image') return null;
  if (health.kind === 'none') return { disabled: true };
  const words = health.shell ? null : wordsOf(health.test, 'healthcheck.test', problems);
  const test =
    health.shell && health.test.trim() !== '' ? ['CMD-SHELL', health.test] : words && ['CMD', ...words];
  return {
    ...(test && { test }),
    ...optional('intervalMs', ms(health.interval, 'healthcheck.intervalMs', problems)),
    ...optional('timeoutMs', ms(health.timeout, 'healthcheck.timeoutMs', problems)),
    ...optional('startPeriodMs', ms(health.startPeriod, 'healthcheck.startPeriodMs', problems)),
    ...optional('retries', number(health.retries, 'healthcheck.retries', problems)),
  };
}

function putText(spec: Spec, name: TextName, value: string, problems: Problems): void {
  if (value === '') return;
  if (name === 'gpus' || name === 'stopTimeoutSeconds') {
    const many = name === 'gpus' && value === 'all' ? -1 : number(value, name, problems);
    if (many !== null) spec[name] = many;
  } else spec[name] = name === 'stopSignal' ? signalOf(value) : value;
}

function putList(spec: Spec, name: ListName, entries: readonly string[], problems: Problems): void {
  if (entries.length === 0) return;
  switch (name) {
    case 'devices': {
      const devices = entries.map(deviceOf).filter((device) => device !== null);
      if (devices.length < entries.length) problems.set(name, 'device');
      spec.devices = devices;
      break;
    }
    case 'ulimits': {
      const ulimits = entries.map(ulimitOf).filter((ulimit) => ulimit !== null);
      if (ulimits.length < entries.length) problems.set(name, 'ulimit');
      spec.ulimits = ulimits;
      break;
    }
    case 'logOptions':
    case 'sysctls':
      spec[name] = entries.map((entry) => {
        const [key, value = ''] = halves(entry, '=');
        return { key: key.trim(), value: value.trim() };
      });
      break;
    default:
      spec[name] = [...entries];
  }
}

const lines = (value: string): string[] =>
  value
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

const optional = <Name extends string, Value>(
  name: Name,
  value: Value | null,
): Partial<Record<Name, Value>> => {
  const found: Partial<Record<Name, Value>> = {};
  if (value !== null) found[name] = value;
  return found;
};

const reader =
  (read: (value: string) => number | null, problem: FieldProblem) =>
  (value: string, path: string, problems: Problems): number | null => {
    if (value.trim() === '') return null;
    const found = read(value);
    if (found === null) problems.set(path, problem);
    return found;
  };

const number = reader(numberOf, 'number');
const size = reader(bytesOf, 'size');
const ms = reader(durationOf, 'duration');
const port = reader((value) => (/^\s*\d{1,5}\s*$/.test(value) ? Number(value) : null), 'port');
