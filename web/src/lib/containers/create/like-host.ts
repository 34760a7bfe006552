import { flag, isNothing, list, object, positive, text, texts, type Json } from './like-json.ts';
import type { Healthcheck, Limits, Mount, RestartPolicy, Spec } from './spec.ts';

/** What the engine fills in by itself, and what is read elsewhere. */
const settled = new Set(
  `ContainerIDFile ConsoleSize Isolation MaskedPaths ReadonlyPaths NetworkMode PortBindings PublishAllPorts
   VolumeDriver`.split(/\s+/),
);
const restarts: Readonly<Record<string, RestartPolicy['name'] | undefined>> = {
  always: 'ALWAYS',
  'on-failure': 'ON_FAILURE',
  'unless-stopped': 'UNLESS_STOPPED',
};
/** 64 MB, which every container gets. */
const usualShm = 67_108_864;
/** What `docker run` gives where nobody chose; "private" is the engine's own cgroup namespace under cgroup 2. */
const usual: Readonly<Record<string, readonly unknown[]>> = {
  IpcMode: ['private', 'shareable'],
  CgroupnsMode: ['private', 'host'],
  Runtime: ['runc'],
  OomKillDisable: [false],
  MemorySwappiness: [-1],
  PidsLimit: [-1],
};

const kinds: Readonly<Record<string, Mount['kind'] | undefined>> = {
  bind: 'BIND',
  volume: 'VOLUME',
  tmpfs: 'TMPFS',
};

/** As the agent tells options that look secret: what stands there is not the value. */
const isMasked = (value: unknown): boolean => text(value).includes('***');

interface Part {
  readonly spec: Partial<Spec>;
  /** Settings that the form has no field for. */
  readonly left: readonly string[];
}

/** What of HostConfig fits into the form. */
export function hostPart(host: Json): Part {
  const spec: Partial<Spec> = {};
  const readers: Readonly<Record<string, () => void>> = readersOf(host, spec);
  const left: string[] = [];
  for (const [key, value] of Object.entries(host)) {
    if (settled.has(key) || isNothing(value) || usual[key]?.includes(value)) continue;
    const read = readers[key];
    if (read) read();
    else left.push(key);
  }
  for (const [key, value] of Object.entries(object(object(host['LogConfig'])['Config']))) {
    if (isMasked(value)) left.push(`LogConfig ${key}`);
  }
  const limits = limitsOf(host);
  if (Object.keys(limits).length > 0) spec.limits = limits;
  const { mounts, left: oddMounts } = mountsOf(host);
  if (mounts.length > 0) spec.mounts = mounts;
  return { spec, left: [...left, ...oddMounts] };
}

function readersOf(host: Json, spec: Partial<Spec>): Readonly<Record<string, () => void>> {
  const nothing = () => undefined;
  const pairs = (value: unknown) =>
    Object.entries(object(value)).map(([key, one]) => ({ key, value: text(one) }));
  return {
    // Together below.
    Memory: nothing,
    MemoryReservation: nothing,
    MemorySwap: nothing,
    NanoCpus: nothing,
    CpuShares: nothing,
    CpusetCpus: nothing,
    PidsLimit: nothing,
    ShmSize: nothing,
    Mounts: nothing,
    Binds: nothing,
    Tmpfs: nothing,
    RestartPolicy: () => {
      const { Name: name, MaximumRetryCount: retries } = object(host['RestartPolicy']);
      const policy = restarts[text(name)];
      const maximumRetries = positive(retries);
      if (policy) spec.restartPolicy = { name: policy, ...(maximumRetries !== null && { maximumRetries }) };
    },
    LogConfig: () => {
      const { Type: type, Config: options } = object(host['LogConfig']);
      const logOptions = pairs(options).filter(({ value }) => !isMasked(value));
      if (logOptions.length > 0) spec.logOptions = logOptions;
      if (text(type) !== 'json-file' || logOptions.length > 0) spec.logDriver = text(type);
    },
    AutoRemove: () => (spec.autoRemove = flag(host['AutoRemove'])),
    Init: () => (spec.init = flag(host['Init'])),
    Privileged: () => (spec.privileged = flag(host['Privileged'])),
    ReadonlyRootfs: () => (spec.readOnly = flag(host['ReadonlyRootfs'])),
    CapAdd: () => (spec.capAdd = texts(host['CapAdd'])),
    CapDrop: () => (spec.capDrop = texts(host['CapDrop'])),
    Dns: () => (spec.dns = texts(host['Dns'])),
    DnsSearch: () => (spec.dnsSearch = texts(host['DnsSearch'])),
    DnsOptions: () => (spec.dnsOptions = texts(host['DnsOptions'])),
    ExtraHosts: () => (spec.extraHosts = texts(host['ExtraHosts'])),
    GroupAdd: () => (spec.groups = texts(host['GroupAdd'])),
    SecurityOpt: () => (spec.securityOptions = texts(host['SecurityOpt'])),
    VolumesFrom: () => (spec.volumesFrom = texts(host['VolumesFrom'])),
    Sysctls: () => (spec.sysctls = pairs(host['Sysctls'])),
    Ulimits: () =>
      (spec.ulimits = list(host['Ulimits']).map((given) => {
        const { Name: name, Soft: soft, Hard: hard } = object(given);
        return { name: text(name), soft: Number(soft), hard: Number(hard) };
      })),
    DeviceRequests: () => {
      const [cards, ...others] = list(host['DeviceRequests']).map(object);
      if (typeof cards?.['Count'] === 'number' && others.length === 0) spec.gpus = cards['Count'];
    },
    Devices: () =>
      (spec.devices = list(host['Devices']).map((given) => {
        const { PathOnHost: on, PathInContainer: inside, CgroupPermissions: may } = object(given);
        return { hostPath: text(on), containerPath: text(inside), permissions: text(may) };
      })),
    PidMode: () => (spec.pidMode = text(host['PidMode'])),
    IpcMode: () => (spec.ipcMode = text(host['IpcMode'])),
    UTSMode: () => (spec.utsMode = text(host['UTSMode'])),
    UsernsMode: () => (spec.usernsMode = text(host['UsernsMode'])),
    CgroupnsMode: () => (spec.cgroupnsMode = text(host['CgroupnsMode'])),
    CgroupParent: () => (spec.cgroupParent = text(host['CgroupParent'])),
    Runtime: () => (spec.runtime = text(host['Runtime'])),
  };
}

function limitsOf(host: Json): Limits {
  const limits: Limits = {};
  const memory = positive(host['Memory']);
  if (memory !== null) limits.memoryBytes = memory;
  const reservation = positive(host['MemoryReservation']);
  if (reservation !== null) limits.memoryReservationBytes = reservation;
  const swap = host['MemorySwap'];
  // Twice the memory is what Docker gives by itself, and it follows another one that is chosen.
  if (swap === -1) limits.memorySwapBytes = -1;
  else if (positive(swap) !== null && swap !== 2 * (memory ?? 0)) limits.memorySwapBytes = Number(swap);
  const cpus = positive(host['NanoCpus']);
  if (cpus !== null) limits.cpus = cpus / 1e9;
  const shares = positive(host['CpuShares']);
  if (shares !== null) limits.cpuShares = shares;
  const cpuset = text(host['CpusetCpus']);
  if (cpuset !== '') limits.cpuset = cpuset;
  const pids = positive(host['PidsLimit']);
  if (pids !== null) limits.pids = pids;
  const shm = positive(host['ShmSize']);
  if (shm !== null && shm !== usualShm) limits.shmBytes = shm;
  return limits;
}

function mountsOf(host: Json): { mounts: Mount[]; left: string[] } {
  const mounts: Mount[] = [];
  const left: string[] = [];
  for (const bind of texts(host['Binds'])) {
    const [source = '', target, options = ''] = bind.split(':');
    if (target === undefined) continue;
    const words = options.split(',').filter((word) => !['', 'ro', 'rw'].includes(word));
    if (words.length > 0) left.push(bind);
    mounts.push({
      kind: source.startsWith('/') ? 'BIND' : 'VOLUME',
      source,
      target,
      ...(options.split(',').includes('ro') && { readOnly: true }),
    });
  }
  for (const given of list(host['Mounts'])) {
    const { Type: type, Source: source, Target: target, ReadOnly: readOnly, ...more } = object(given);
    const kind = kinds[text(type)];
    const size = positive(object(more['TmpfsOptions'])['SizeBytes']);
    if (kind === undefined) left.push(`Mounts ${text(target)}`);
    else
      mounts.push({
        kind,
        target: text(target),
        ...(text(source) !== '' && { source: text(source) }),
        ...(flag(readOnly) && { readOnly: true }),
        ...(size !== null && { sizeBytes: size }),
      });
    if (!isNothing(more['VolumeOptions']) || !isNothing(more['BindOptions']))
      left.push(
        `Mounts ${text(target)}: ${!isNothing(more['BindOptions']) ? 'BindOptions' : 'VolumeOptions'}`,
      );
  }
  for (const [target, options] of Object.entries(object(host['Tmpfs']))) {
    if (text(options) !== '') left.push(`Tmpfs ${target}: ${text(options)}`);
    mounts.push({ kind: 'TMPFS', target });
  }
  return { mounts, left };
}

/** Of nanoseconds. Null where nobody chose one. */
export function healthOf(check: Json): Healthcheck | null {
  const test = texts(check['Test']);
  if (test[0] === 'NONE') return { disabled: true };
  if (test.length === 0) return null;
  const ms = (key: string) => {
    const value = positive(check[key]);
    return value === null ? null : Math.round(value / 1e6);
  };
  const [intervalMs, timeoutMs, startPeriodMs] = ['Interval', 'Timeout', 'StartPeriod'].map(ms);
  const retries = positive(check['Retries']);
  return {
    test,
    ...(intervalMs && { intervalMs }),
    ...(timeoutMs && { timeoutMs }),
    ...(startPeriodMs && { startPeriodMs }),
    ...(retries !== null && { retries }),
  };
}
