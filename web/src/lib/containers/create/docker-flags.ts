import { bytesOf, durationOf, numberOf } from './quantities.ts';
import {
  deviceOf,
  extraHostOf,
  halves,
  mountOf,
  portsOf,
  restartPolicyOf,
  signalOf,
  tmpfsOf,
  ulimitOf,
  volumeOf,
} from './short-forms.ts';
import type { Found, Healthcheck, Limits, Network, Spec } from './spec.ts';

/** While a line is read. */
export interface Reading {
  readonly spec: Spec;
  readonly limits: Limits;
  readonly healthcheck: Healthcheck;
  readonly networks: Network[];
  /** Of the first network. */
  readonly place: Partial<Network> & { aliases: string[] };
  readonly left: string[];
  pull: Found['pull'];
  start: boolean;
}

/** Takes a value over, or answers false. */
type Take = (value: string, into: Reading) => boolean | void;
export type Switch = (into: Reading, on: boolean) => void;

type TextName =
  'name' | 'user' | 'workingDir' | 'hostname' | 'domainname' | 'macAddress' | 'logDriver' | Modes;
type Modes = 'pidMode' | 'ipcMode' | 'utsMode' | 'usernsMode' | 'cgroupnsMode' | 'cgroupParent' | 'runtime';
type ListName =
  'capAdd' | 'capDrop' | 'dns' | 'dnsSearch' | 'dnsOptions' | 'groups' | 'securityOptions' | 'volumesFrom';

const text =
  (name: TextName): Take =>
  (value, { spec }) => {
    spec[name] = value;
  };
const list =
  (name: ListName): Take =>
  (value, { spec }) => {
    (spec[name] ??= []).push(value);
  };
const pair =
  (name: 'labels' | 'sysctls' | 'logOptions'): Take =>
  (one, { spec }) => {
    const [key, value = ''] = halves(one, '=');
    (spec[name] ??= []).push({ key, value });
  };
const size =
  (name: 'memoryBytes' | 'memoryReservationBytes' | 'shmBytes'): Take =>
  (value, { limits }) => {
    const bytes = bytesOf(value);
    if (bytes === null) return false;
    limits[name] = bytes;
    return true;
  };
const amount =
  (name: 'cpus' | 'cpuShares'): Take =>
  (value, { limits }) => {
    const number = numberOf(value);
    if (number === null) return false;
    limits[name] = number;
    return true;
  };
const period =
  (name: 'intervalMs' | 'timeoutMs' | 'startPeriodMs'): Take =>
  (value, { healthcheck }) => {
    const ms = durationOf(value);
    if (ms === null) return false;
    // Docker's default, which is what is there when nothing is said.
    if (ms > 0) healthcheck[name] = ms;
    return true;
  };

/** Flags that take a value, by their long names (docker run --help, Docker 20.10 to 28). */
export const values: Readonly<Record<string, Take | undefined>> = {
  'add-host': (value, { spec }) => void (spec.extraHosts ??= []).push(extraHostOf(value)),
  'cap-add': list('capAdd'),
  'cap-drop': list('capDrop'),
  'cgroup-parent': text('cgroupParent'),
  cgroupns: text('cgroupnsMode'),
  'cpu-shares': amount('cpuShares'),
  cpus: amount('cpus'),
  'cpuset-cpus': (value, { limits }) => void (limits.cpuset = value),
  device: (value, { spec }) => {
    const device = deviceOf(value);
    if (device) (spec.devices ??= []).push(device);
    return device !== null;
  },
  dns: list('dns'),
  'dns-opt': list('dnsOptions'),
  'dns-option': list('dnsOptions'),
  'dns-search': list('dnsSearch'),
  domainname: text('domainname'),
  entrypoint: (value, { spec }) => void (spec.entrypoint = value === '' ? [] : [value]),
  env: (one, { spec }) => {
    const [name, value] = halves(one, '=');
    // Its value is in the shell that the line was written for.
    if (value === undefined) return false;
    (spec.environment ??= []).push({ name, value });
    return true;
  },
  gpus: (value, { spec }) => {
    const many = value === 'all' ? -1 : /^\d+$/.test(value) ? Number(value) : null;
    if (many !== null) spec.gpus = many;
    return many !== null;
  },
  'group-add': list('groups'),
  'health-cmd': (value, { healthcheck }) => void (healthcheck.test = ['CMD-SHELL', value]),
  'health-interval': period('intervalMs'),
  'health-retries': (value, { healthcheck }) => {
    const retries = numberOf(value);
    if (retries) healthcheck.retries = retries;
    return retries !== null;
  },
  'health-start-period': period('startPeriodMs'),
  'health-timeout': period('timeoutMs'),
  hostname: text('hostname'),
  ip: (value, { place }) => void (place.ipv4Address = value),
  ip6: (value, { place }) => void (place.ipv6Address = value),
  ipc: text('ipcMode'),
  label: pair('labels'),
  'log-driver': text('logDriver'),
  'log-opt': pair('logOptions'),
  'mac-address': text('macAddress'),
  memory: size('memoryBytes'),
  'memory-reservation': size('memoryReservationBytes'),
  'memory-swap': (value, { limits }) => {
    const bytes = value === '-1' ? -1 : bytesOf(value);
    if (bytes) limits.memorySwapBytes = bytes;
    return bytes !== null;
  },
  mount: (value, { spec, left }) => {
    const mount = mountOf(value);
    if (!mount) return false;
    (spec.mounts ??= []).push(mount.value);
    left.push(...mount.left.map((option) => `--mount ${option}`));
    return true;
  },
  name: text('name'),
  net: (value, into) => network(value, into),
  'net-alias': (value, { place }) => void place.aliases.push(value),
  network: (value, into) => network(value, into),
  'network-alias': (value, { place }) => void place.aliases.push(value),
  pid: text('pidMode'),
  'pids-limit': (value, { limits }) => {
    const pids = numberOf(value);
    if (pids !== null && pids > 0) limits.pids = pids;
    return pids !== null;
  },
  publish: (value, { spec }) => {
    const ports = portsOf(value);
    if (ports) (spec.ports ??= []).push(...ports);
    return ports !== null;
  },
  pull: (value, into) => {
    const policy = ({ always: 'ALWAYS', missing: 'MISSING', never: 'NEVER' } as const)[value.toLowerCase()];
    if (policy) into.pull = policy;
    return policy !== undefined;
  },
  restart: (value, { spec }) => {
    const policy = restartPolicyOf(value);
    if (policy) spec.restartPolicy = policy;
    return policy !== null;
  },
  runtime: text('runtime'),
  'security-opt': list('securityOptions'),
  'shm-size': size('shmBytes'),
  'stop-signal': (value, { spec }) => void (spec.stopSignal = signalOf(value)),
  'stop-timeout': (value, { spec }) => {
    const seconds = numberOf(value);
    if (seconds !== null && seconds >= 0) spec.stopTimeoutSeconds = seconds;
    return seconds !== null && seconds >= 0;
  },
  sysctl: pair('sysctls'),
  tmpfs: (value, { spec, left }) => {
    const mount = tmpfsOf(value);
    (spec.mounts ??= []).push(mount.value);
    left.push(...mount.left.map((option) => `--tmpfs ${option}`));
  },
  ulimit: (value, { spec }) => {
    const ulimit = ulimitOf(value);
    if (ulimit) (spec.ulimits ??= []).push(ulimit);
    return ulimit !== null;
  },
  user: text('user'),
  userns: text('usernsMode'),
  uts: text('utsMode'),
  volume: (value, { spec, left }) => {
    const mount = volumeOf(value);
    if (!mount) return false;
    (spec.mounts ??= []).push(mount.value);
    left.push(...mount.left.map((option) => `-v ${value}: ${option}`));
    return true;
  },
  'volumes-from': list('volumesFrom'),
  workdir: text('workingDir'),
};

export const switches: Readonly<Record<string, Switch | undefined>> = {
  // All that is made here goes on in the background, and says nothing that could be left out.
  detach: () => undefined,
  quiet: () => undefined,
  init: ({ spec }, on) => void (spec.init = on),
  interactive: ({ spec }, on) => void (spec.interactive = on),
  'no-healthcheck': ({ healthcheck }, on) => void (healthcheck.disabled = on),
  privileged: ({ spec }, on) => void (spec.privileged = on),
  'publish-all': ({ spec }, on) => void (spec.publishAllPorts = on),
  'read-only': ({ spec }, on) => void (spec.readOnly = on),
  rm: ({ spec }, on) => void (spec.autoRemove = on),
  tty: ({ spec }, on) => void (spec.tty = on),
};

/** Flags without a place here that take a value: what follows them is not the image. */
export const otherValues: ReadonlySet<string> = new Set(
  `annotation attach blkio-weight blkio-weight-device cidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period
   cpu-rt-runtime cpuset-mems detach-keys device-cgroup-rule device-read-bps device-read-iops device-write-bps
   device-write-iops env-file expose health-start-interval io-maxbandwidth io-maxiops isolation kernel-memory
   label-file link link-local-ip memory-swappiness oom-score-adj platform storage-opt volume-driver arch os variant
   secret pod requires umask authfile`.split(/\s+/),
);

export const shorts: Readonly<Record<string, string | undefined>> = {
  a: 'attach',
  c: 'cpu-shares',
  d: 'detach',
  e: 'env',
  h: 'hostname',
  i: 'interactive',
  l: 'label',
  m: 'memory',
  p: 'publish',
  P: 'publish-all',
  q: 'quiet',
  t: 'tty',
  u: 'user',
  v: 'volume',
  w: 'workdir',
};

function network(value: string, { networks, left }: Reading): boolean {
  if (!value.includes('=')) {
    if (value !== 'default') networks.push({ name: value });
    return value !== '';
  }
  const joined: Network = { name: '' };
  for (const part of value.split(',')) {
    const [key, given = ''] = halves(part, '=');
    if (key === 'name') joined.name = given;
    else if (key === 'alias') (joined.aliases ??= []).push(given);
    else if (key === 'ip') joined.ipv4Address = given;
    else if (key === 'ip6') joined.ipv6Address = given;
    else left.push(`--network ${part}`);
  }
  if (joined.name !== '') networks.push(joined);
  return joined.name !== '';
}
