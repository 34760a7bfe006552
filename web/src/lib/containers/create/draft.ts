import type { ImagePullPolicy } from '../../generated/graphql.ts';
import { bytesText, durationText } from './quantities.ts';
import { shellText } from './shell-words.ts';
import type { Device, Mount, RestartPolicy, Spec, Ulimit } from './spec.ts';

/** The form of a container to be made, as it stands in its fields. An empty field says nothing. */
export interface Draft {
  image: string;
  name: string;
  pull: ImagePullPolicy;
  start: boolean;
  /** Words as a shell takes them. */
  command: string;
  /** As `command`; '' in quotes for none. */
  entrypoint: string;
  environment: { name: string; value: string }[];
  secretVariables: { name: string; secret: string }[];
  secretFiles: SecretFileRow[];
  labels: { key: string; value: string }[];
  ports: PortRow[];
  mounts: MountRow[];
  networks: NetworkRow[];
  restart: RestartPolicy['name'] | '';
  retries: string;
  limits: Record<LimitName, string>;
  health: HealthFields;
  switches: Record<SwitchName, boolean>;
  texts: Record<TextName, string>;
  /** One entry on each line. */
  lists: Record<ListName, string>;
}

export interface PortRow {
  hostAddress: string;
  hostPort: string;
  containerPort: string;
  protocol: string;
}

export interface MountRow {
  kind: Mount['kind'];
  source: string;
  target: string;
  readOnly: boolean;
  size: string;
}

export interface SecretFileRow {
  secret: string;
  path: string;
  /** Octal, such as 0440. */
  mode: string;
  /** uid or uid:gid. */
  owner: string;
}

export interface NetworkRow {
  name: string;
  /** Separated by blanks. */
  aliases: string;
  ipv4Address: string;
  ipv6Address: string;
}

interface HealthFields {
  /** The image's own, none at all, or this one. */
  kind: 'image' | 'none' | 'own';
  test: string;
  /** Whether a shell runs it, or its words are a program and what that is given. */
  shell: boolean;
  interval: string;
  timeout: string;
  startPeriod: string;
  retries: string;
}

export const limitNames = [
  'cpus',
  'memoryBytes',
  'memoryReservationBytes',
  'memorySwapBytes',
  'pids',
  'cpuShares',
  'cpuset',
  'shmBytes',
] as const;
export type LimitName = (typeof limitNames)[number];

export const switchNames = [
  'tty',
  'interactive',
  'init',
  'autoRemove',
  'readOnly',
  'publishAllPorts',
  'privileged',
] as const;
export type SwitchName = (typeof switchNames)[number];

export const textNames = [
  'user',
  'workingDir',
  'hostname',
  'domainname',
  'macAddress',
  'stopSignal',
  'stopTimeoutSeconds',
  'logDriver',
  'gpus',
  'pidMode',
  'ipcMode',
  'utsMode',
  'usernsMode',
  'cgroupnsMode',
  'cgroupParent',
  'runtime',
] as const;
export type TextName = (typeof textNames)[number];

export const listNames = [
  'groups',
  'dns',
  'dnsSearch',
  'dnsOptions',
  'extraHosts',
  'logOptions',
  'capAdd',
  'capDrop',
  'securityOptions',
  'sysctls',
  'ulimits',
  'devices',
  'volumesFrom',
] as const;
export type ListName = (typeof listNames)[number];

function record<Name extends string, Value>(
  names: readonly Name[],
  valueOf: (name: Name) => Value,
): Record<Name, Value> {
  const found: Partial<Record<Name, Value>> = {};
  for (const name of names) found[name] = valueOf(name);
  const whole = (some: typeof found): some is Record<Name, Value> => names.every((name) => name in some);
  if (!whole(found)) throw new Error('A name was left out.');
  return found;
}

export const emptyPort = (): PortRow => ({
  hostAddress: '',
  hostPort: '',
  containerPort: '',
  protocol: 'tcp',
});
export const emptyMount = (): MountRow => ({
  kind: 'VOLUME',
  source: '',
  target: '',
  readOnly: false,
  size: '',
});
export const emptySecretFile = (): SecretFileRow => ({ secret: '', path: '', mode: '', owner: '' });
export const emptyNetwork = (): NetworkRow => ({ name: '', aliases: '', ipv4Address: '', ipv6Address: '' });

/** A form that says nothing yet. */
export function emptyDraft(): Draft {
  return draftOf({ image: '' });
}

/** The form that says what a spec says. */
export function draftOf(spec: Spec, pull: ImagePullPolicy = 'MISSING', start = true): Draft {
  return {
    image: spec.image,
    name: spec.name ?? '',
    pull,
    start,
    command: shellText(spec.command ?? []),
    entrypoint: spec.entrypoint?.length === 0 ? "''" : shellText(spec.entrypoint ?? []),
    environment: (spec.environment ?? []).map(({ name, value }) => ({ name, value })),
    secretVariables: (spec.secretVariables ?? []).map(({ name, secret }) => ({ name, secret })),
    secretFiles: (spec.secretFiles ?? []).map(({ secret, path, mode, uid, gid }) => ({
      secret,
      path: path ?? '',
      mode: mode === null || mode === undefined ? '' : `0${mode.toString(8)}`,
      owner: [uid, gid].filter((id) => id !== null && id !== undefined).join(':'),
    })),
    labels: (spec.labels ?? []).map(({ key, value }) => ({ key, value })),
    ports: (spec.ports ?? []).map(({ hostAddress, hostPort, containerPort, protocol }) => ({
      hostAddress: hostAddress ?? '',
      hostPort: text(hostPort),
      containerPort: String(containerPort),
      protocol: protocol ?? 'tcp',
    })),
    mounts: (spec.mounts ?? []).map(({ kind, source, target, readOnly, sizeBytes }) => ({
      kind,
      source: source ?? '',
      target,
      readOnly: readOnly ?? false,
      size: sizeBytes ? bytesText(sizeBytes) : '',
    })),
    networks: (spec.networks ?? []).map(({ name, aliases, ipv4Address, ipv6Address }) => ({
      name,
      aliases: (aliases ?? []).join(' '),
      ipv4Address: ipv4Address ?? '',
      ipv6Address: ipv6Address ?? '',
    })),
    restart: spec.restartPolicy?.name ?? '',
    retries: text(spec.restartPolicy?.maximumRetries),
    limits: record(limitNames, (name) => limitText(name, spec.limits?.[name])),
    health: healthOf(spec.healthcheck),
    switches: record(switchNames, (name) => spec[name] ?? false),
    texts: record(textNames, (name) => text(spec[name])),
    lists: record(listNames, (name) => linesOf(name, spec).join('\n')),
  };
}

function text(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

function limitText(name: LimitName, value: string | number | null | undefined): string {
  return name.endsWith('Bytes') && typeof value === 'number' && value > 0 ? bytesText(value) : text(value);
}

function healthOf(check: Spec['healthcheck']): HealthFields {
  const [word, ...words] = check?.test ?? [];
  const shell = word !== 'CMD';
  return {
    kind: check?.disabled ? 'none' : check ? 'own' : 'image',
    test: shell ? (words[0] ?? '') : shellText(words),
    shell,
    interval: duration(check?.intervalMs),
    timeout: duration(check?.timeoutMs),
    startPeriod: duration(check?.startPeriodMs),
    retries: text(check?.retries),
  };
}

const duration = (ms: number | null | undefined): string => (ms ? durationText(ms) : '');

function linesOf(name: ListName, spec: Spec): string[] {
  switch (name) {
    case 'devices':
      return (spec.devices ?? []).map(deviceText);
    case 'ulimits':
      return (spec.ulimits ?? []).map(ulimitText);
    case 'logOptions':
    case 'sysctls':
      return (spec[name] ?? []).map(({ key, value }) => `${key}=${value}`);
    default:
      return [...(spec[name] ?? [])];
  }
}

function deviceText({ hostPath, containerPath, permissions }: Device): string {
  return [hostPath, containerPath ?? (permissions && hostPath), permissions].filter(Boolean).join(':');
}

function ulimitText({ name, soft, hard }: Ulimit): string {
  return `${name}=${soft}${hard === soft ? '' : `:${hard}`}`;
}
