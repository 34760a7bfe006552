import { secretProblems, isReservedLabel } from './secret-references.ts';
import type {
  ContainerSpec,
  HealthcheckSpec,
  LimitsSpec,
  MountSpec,
  NetworkAttachment,
} from './container-spec.ts';

/** What is wrong with one part of a spec. */
export interface SpecProblem {
  /** Where: `ports.0.hostPort`. */
  readonly path: readonly (string | number)[];
  /** Ends the sentence "this …". */
  readonly message: string;
}

/** The engine's own rule for names of containers and volumes (moby, daemon/names). */
export const containerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/;
const nameRule = 'must be 2 to 128 letters, digits, dots, dashes or underscores';

/** The reference of an image (distribution/reference, without its whole grammar: the engine has the last word). */
export const imageReference =
  /^(?:sha256:[0-9a-f]{64}|[a-zA-Z0-9][a-zA-Z0-9._:/[\]-]{0,254}(?:@sha256:[0-9a-f]{64})?)$/;

const most = 1_000;
/** Linux takes no longer argument or variable (MAX_ARG_STRLEN). */
const longest = 131_072;
/** Docker refuses less (moby, linuxMinMemory). */
const leastMemory = 6 * 1024 * 1024;

/** Everything that is wrong with it, in the order of the spec. */
export function problemsOf(spec: ContainerSpec): SpecProblem[] {
  const found: SpecProblem[] = [];
  const check = createChecks(found);

  if (!imageReference.test(spec.image)) check.fail(['image'], 'must be the name of an image');
  check.text(['name'], spec.name, containerName, nameRule);
  check.words(['command'], spec.command);
  check.words(['entrypoint'], spec.entrypoint);
  check.list(['environment'], spec.environment, ({ name, value }, path) => {
    check.text([...path, 'name'], name, /^[^=\0\s]{1,256}$/, 'must be a name without blanks and "="');
    check.text([...path, 'value'], value, anyText, textRule);
  });
  check.list(['labels'], spec.labels, ({ key, value }, path) => {
    // Those of Compose tell which containers are a stack's, and whose images it goes back to.
    const rule = 'must not be empty, hold "=" or begin with com.docker.compose';
    check.text([...path, 'key'], key, /^(?!com\.docker\.compose)[^\0=]{1,1024}$/, rule);
    check.text([...path, 'value'], value, anyText, textRule);
    if (isReservedLabel(key))
      check.fail([...path, 'key'], 'must not begin with io.serverkit., which is kept for ServerKit');
  });
  found.push(...secretProblems(spec));
  check.list(['ports'], spec.ports, ({ containerPort, protocol, hostPort, hostAddress }, path) => {
    check.whole([...path, 'containerPort'], containerPort, 1, 65_535);
    check.text([...path, 'protocol'], protocol, /^(tcp|udp|sctp)$/, 'must be tcp, udp or sctp');
    check.whole([...path, 'hostPort'], hostPort, 1, 65_535);
    check.text([...path, 'hostAddress'], hostAddress, address, 'must be an address of the host');
  });
  check.list(['mounts'], spec.mounts, (mount, path) => mountProblems(mount, path, check));
  networkProblems(spec.networks ?? [], check);
  const { restartPolicy } = spec;
  if (restartPolicy) {
    const path = ['restartPolicy', 'maximumRetries'];
    check.whole(path, restartPolicy.maximumRetries, 0, 1_000_000);
    if (restartPolicy.maximumRetries && restartPolicy.name !== 'ON_FAILURE')
      check.fail(path, 'goes with ON_FAILURE only');
    if (spec.autoRemove && restartPolicy.name !== 'NO')
      check.fail(['autoRemove'], 'does not go with a restart policy');
  }
  if (spec.limits) limitProblems(spec.limits, check);
  if (spec.healthcheck) healthcheckProblems(spec.healthcheck, check);
  check.text(['user'], spec.user, /^[^\0\s:]{1,64}(:[^\0\s:]{1,64})?$/, 'must be user or user:group');
  check.each(['groups'], spec.groups, /^[^\0\s:]{1,64}$/, 'must be the name or number of a group');
  check.text(['workingDir'], spec.workingDir, absolutePath, pathRule);
  check.text(['hostname'], spec.hostname, /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, 'must be a host name');
  check.text(['domainname'], spec.domainname, /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,252}$/, 'must be a domain name');
  check.text(
    ['macAddress'],
    spec.macAddress,
    /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/,
    'must be a MAC address',
  );
  check.each(['dns'], spec.dns, address, 'must be an address');
  check.each(['dnsSearch'], spec.dnsSearch, /^[\w.-]{1,253}$/, 'must be a domain');
  check.each(['dnsOptions'], spec.dnsOptions, /^[\w:.-]{1,100}$/, 'must be an option of resolv.conf');
  check.each(['extraHosts'], spec.extraHosts, /^[^\s\0:]{1,253}:[^\s\0]{1,64}$/, 'must be name:address');
  check.text(
    ['stopSignal'],
    spec.stopSignal,
    /^(SIG[A-Z0-9+-]{2,12}|[1-9][0-9]?)$/,
    'must be a signal such as SIGTERM',
  );
  check.whole(['stopTimeoutSeconds'], spec.stopTimeoutSeconds, 0, 86_400);
  check.text(['logDriver'], spec.logDriver, /^[\w./:-]{1,100}$/, 'must be the name of a log driver');
  for (const name of ['logOptions', 'sysctls'] as const) {
    check.list([name], spec[name], ({ key, value }, path) => {
      check.text([...path, 'key'], key, /^[\w.:/-]{1,200}$/, 'must be the name of an option');
      check.text([...path, 'value'], value, shortText, textRule);
    });
  }
  for (const name of ['capAdd', 'capDrop'] as const)
    check.each([name], spec[name], /^[A-Za-z_]{2,40}$/, 'must be a capability such as NET_ADMIN');
  check.each(['securityOptions'], spec.securityOptions, shortText, textRule);
  check.list(['devices'], spec.devices, ({ hostPath, containerPath, permissions }, path) => {
    check.text([...path, 'hostPath'], hostPath, absolutePath, pathRule);
    check.text([...path, 'containerPath'], containerPath, absolutePath, pathRule);
    check.text(
      [...path, 'permissions'],
      permissions,
      /^(?!.*(.).*\1)[rwm]{1,3}$/,
      'must be made of r, w and m',
    );
  });
  check.whole(['gpus'], spec.gpus, -1, 1_000);
  check.list(['ulimits'], spec.ulimits, ({ name, soft, hard }, path) => {
    check.text([...path, 'name'], name, /^[a-z]{2,20}$/, 'must be the name of a limit such as nofile');
    check.whole([...path, 'soft'], soft, -1, Number.MAX_SAFE_INTEGER);
    check.whole([...path, 'hard'], hard, -1, Number.MAX_SAFE_INTEGER);
    if (hard >= 0 && (soft > hard || soft < 0))
      check.fail([...path, 'soft'], 'must not be above the hard limit');
  });
  for (const name of ['pidMode', 'ipcMode', 'utsMode', 'usernsMode', 'cgroupnsMode', 'runtime'] as const)
    check.text([name], spec[name], /^[\w.:/-]{1,200}$/, 'is not understood');
  check.text(['cgroupParent'], spec.cgroupParent, shortText, textRule);
  check.each(
    ['volumesFrom'],
    spec.volumesFrom,
    /^[a-zA-Z0-9][\w.-]*(:(ro|rw))?$/,
    'must be the name of a container',
  );
  return found;
}

const address = /^[0-9a-fA-F.:]{2,45}$/;
const absolutePath = /^\/[^\0\n\r]{0,4095}$/;
const pathRule = 'must be an absolute path';
const anyText = new RegExp(`^[^\\0]{0,${longest}}$`, 's');
const shortText = /^[^\0]{1,20000}$/s;
const textRule = 'is too long or not text';

function mountProblems(
  { kind, source, target, readOnly, sizeBytes }: MountSpec,
  path: Path,
  check: Checks,
): void {
  check.text(
    [...path, 'target'],
    target,
    /^\/[^\0\n\r:]{1,4095}$/,
    'must be an absolute path other than /, without ":"',
  );
  const at = [...path, 'source'];
  switch (kind) {
    case 'BIND':
      if (!source) check.fail(at, 'must be a path of the host');
      else check.text(at, source, absolutePath, pathRule);
      break;
    case 'VOLUME':
      check.text(at, source, containerName, `of a volume ${nameRule}`);
      break;
    case 'TMPFS':
      if (source) check.fail(at, 'does not go with memory');
      if (readOnly) check.fail([...path, 'readOnly'], 'does not go with memory');
  }
  check.whole([...path, 'sizeBytes'], sizeBytes, 1, Number.MAX_SAFE_INTEGER);
  if (sizeBytes && kind !== 'TMPFS') check.fail([...path, 'sizeBytes'], 'goes with memory only');
}

function networkProblems(networks: readonly NetworkAttachment[], check: Checks): void {
  check.list(['networks'], networks, ({ name, aliases, ipv4Address, ipv6Address }, path) => {
    check.text(
      [...path, 'name'],
      name,
      /^(container:)?[a-zA-Z0-9][\w. -]{0,127}$/,
      'must be the name of a network',
    );
    check.each([...path, 'aliases'], aliases, /^[a-zA-Z0-9][\w.-]{0,252}$/, 'must be a host name');
    check.text([...path, 'ipv4Address'], ipv4Address, /^(\d{1,3}\.){3}\d{1,3}$/, 'must be an IPv4 address');
    check.text([...path, 'ipv6Address'], ipv6Address, /^[0-9a-fA-F:.]{2,45}$/, 'must be an IPv6 address');
    const alone = name === 'host' || name === 'none' || name.startsWith('container:');
    if (alone && networks.length > 1) check.fail([...path, 'name'], 'cannot be one of several networks');
    if (alone && (aliases?.length || ipv4Address || ipv6Address))
      check.fail([...path, 'name'], 'gives no names or addresses');
  });
}

function limitProblems(limits: LimitsSpec, check: Checks): void {
  const largest = Number.MAX_SAFE_INTEGER;
  check.whole(['limits', 'memoryBytes'], limits.memoryBytes, leastMemory, largest);
  check.whole(['limits', 'memoryReservationBytes'], limits.memoryReservationBytes, leastMemory, largest);
  check.whole(['limits', 'memorySwapBytes'], limits.memorySwapBytes, -1, largest);
  check.whole(['limits', 'cpuShares'], limits.cpuShares, 2, 262_144);
  check.whole(['limits', 'pids'], limits.pids, 1, 4_194_304);
  check.whole(['limits', 'shmBytes'], limits.shmBytes, 1, largest);
  check.text(
    ['limits', 'cpuset'],
    limits.cpuset,
    /^\d{1,5}([,-]\d{1,5}){0,500}$/,
    'must be CPUs such as 0-2,4',
  );
  const { cpus, memoryBytes, memoryReservationBytes, memorySwapBytes } = limits;
  if (cpus !== null && cpus !== undefined && !(cpus >= 0.01 && cpus <= 10_000))
    check.fail(['limits', 'cpus'], 'must be a number from 0.01');
  if (memorySwapBytes && memorySwapBytes > 0 && memorySwapBytes < (memoryBytes ?? Infinity))
    check.fail(
      ['limits', 'memorySwapBytes'],
      'counts memory and swap together, and needs a memory limit below it',
    );
  if (memoryBytes && memoryReservationBytes && memoryReservationBytes > memoryBytes)
    check.fail(['limits', 'memoryReservationBytes'], 'must not be above the memory limit');
}

function healthcheckProblems(healthcheck: HealthcheckSpec, check: Checks): void {
  const { disabled, test, intervalMs, timeoutMs, startPeriodMs, retries } = healthcheck;
  check.words(['healthcheck', 'test'], test);
  if (test && !(test.length > 1 && (test[0] === 'CMD' || (test[0] === 'CMD-SHELL' && test.length === 2))))
    check.fail(['healthcheck', 'test'], 'must be CMD and words, or CMD-SHELL and a line');
  if (disabled && (test || intervalMs || timeoutMs || startPeriodMs || retries))
    check.fail(['healthcheck', 'disabled'], 'leaves nothing to set');
  // The engine takes 0 for its default, and nothing between that and a millisecond.
  for (const [name, ms] of Object.entries({ intervalMs, timeoutMs, startPeriodMs }))
    check.whole(['healthcheck', name], ms, 1, 86_400_000);
  check.whole(['healthcheck', 'retries'], retries, 1, 1_000);
}

type Path = readonly (string | number)[];
type Maybe<T> = T | null | undefined;
type Checks = ReturnType<typeof createChecks>;

function createChecks(found: SpecProblem[]) {
  const fail = (path: Path, message: string): void => void found.push({ path, message });

  function text(path: Path, value: Maybe<string>, pattern: RegExp, message: string): void {
    if (value !== null && value !== undefined && !pattern.test(value)) fail(path, message);
  }

  function list<T>(path: Path, items: Maybe<readonly T[]>, one: (item: T, path: Path) => void): void {
    if (!items) return;
    if (items.length > most) fail(path, `must have at most ${most} entries`);
    else for (const [index, item] of items.entries()) one(item, [...path, index]);
  }

  return {
    fail,
    text,
    list,
    each(path: Path, items: Maybe<readonly string[]>, pattern: RegExp, message: string): void {
      list(path, items, (item, at) => text(at, item, pattern, message));
    },
    words(path: Path, items: Maybe<readonly string[]>): void {
      list(path, items, (item, at) => text(at, item, anyText, textRule));
    },
    whole(path: Path, value: Maybe<number>, min: number, max: number): void {
      if (value === null || value === undefined) return;
      if (!Number.isSafeInteger(value) || value < min || value > max)
        fail(
          path,
          max === Number.MAX_SAFE_INTEGER
            ? `must be a whole number from ${min}`
            : `must be a whole number from ${min} to ${max}`,
        );
    },
  };
}
