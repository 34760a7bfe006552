import { array, number, object } from '../json.ts';
import { bindsRule, mountsRule, tmpfsRule, volumesRule } from './mounts.ts';
import type { Rule, Rules } from './outside.ts';
import { anything, each, eachPair, isNothing, nothing, oneOf } from './values.ts';

/** What every container gets by default (moby, oci/caps/defaults.go): adding it gives nothing new. */
const ownCapabilities: ReadonlySet<string> = new Set(
  `AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP
   SETUID SYS_CHROOT`.split(/\s+/),
);

/** Those that Kubernetes calls safe: they are the container's own, and reach no other (its docs, "Using sysctls"). */
const safeSysctls: ReadonlySet<string> = new Set(
  `kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports
   net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl
   net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time net.ipv4.tcp_syncookies`.split(/\s+/),
);

/** Of a process of its own; others (memlock, rtprio, nice, …) take from the host what its other processes need. */
const ownUlimits: ReadonlySet<string> = new Set(['core', 'fsize', 'nofile', 'nproc', 'stack']);

/** Drivers that write to the host's own logs only; the rest send to, or read credentials from, wherever they are told. */
const logDrivers: ReadonlySet<string> = new Set(['json-file', 'local', 'journald', 'none']);
const logOptions: ReadonlySet<string> = new Set(
  'max-size max-file compress labels labels-regex env env-regex tag mode max-buffer-size'.split(' '),
);

/** Kept from every container (moby, oci/defaults.go); engines add to these, and none of them may be missing. */
const maskedPaths = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/sys/firmware'];
const readOnlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** A list that replaces the engine's own: only nothing at all stands for "as usual". */
function atLeast(paths: readonly string[]): Rule {
  return (value) =>
    value === undefined || value === null || paths.every((path) => array(value).includes(path))
      ? undefined
      : 'opens files of the kernel that are closed to containers';
}

const capabilities = each(
  (name) => ownCapabilities.has(name.toUpperCase().replace(/^CAP_/, '')),
  'adds rights of root on the host',
);

const securityOptions = each(
  (option) => /^no-new-privileges([:=]true)?$/.test(option),
  'changes what confines the container',
);

const sysctls = eachPair(
  (name, value) => safeSysctls.has(name) && /^[0-9 \t-]{1,100}$/.test(value),
  'changes settings of the kernel beyond those that are known to be safe',
);

/** Linux gives no process more files than this unless told (fs.nr_open). */
const mostFiles = 1_048_576;

const ulimits: Rule = (value) =>
  array(value).every((one) => {
    const { Name: name, Soft: soft, Hard: hard, ...others } = object(one);
    if (typeof name !== 'string' || !ownUlimits.has(name) || !isNothing(others)) return false;
    return (
      name !== 'nofile' || [soft, hard].every((n) => (number(n) ?? -1) >= 0 && (number(n) ?? 0) <= mostFiles)
    );
  }) &&
  (isNothing(value) || Array.isArray(value))
    ? undefined
    : 'raises limits that protect the other processes of the host';

const logging: Rule = (value, { logDriver }) => {
  if (isNothing(value)) return undefined;
  const { Type: type, Config: config, ...others } = object(value);
  const known = isNothing(type) || type === logDriver || (typeof type === 'string' && logDrivers.has(type));
  return known &&
    isNothing(others) &&
    eachPair((key) => logOptions.has(key), '')(config, defaultless) === undefined
    ? undefined
    : 'makes the engine send its log, or read files, elsewhere';
};
/** For rules that ask for no defaults. */
const defaultless = { runtime: '', logDriver: '', cgroupNamespace: 'private' } as const;

const network: Rule = (value) => {
  if (isNothing(value)) return undefined;
  if (value === 'host') return "has the host's network instead of its own";
  // Another's network, by "container:", and whatever else has a colon one day.
  return typeof value === 'string' && /^[\w][\w.-]*$/.test(value)
    ? undefined
    : 'shares the network of another container';
};

function ownNamespace(what: string): Rule {
  return nothing(`shares ${what} with the host or another container`);
}

const hostDevices = nothing('has devices of the host');

/** Of the body of POST /containers/create besides HostConfig and NetworkingConfig: all of it stays inside the container. */
export const configRules: Rules = new Map<string, Rule>([
  ...`Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd
   Healthcheck ArgsEscaped Image WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal
   StopTimeout Shell`
    .split(/\s+/)
    .map((name): [string, Rule] => [name, anything]),
  ['Volumes', volumesRule],
]);

/** Of HostConfig; the names are those of Docker Engine API 1.24 to 1.50. */
export const hostRules: Rules = new Map<string, Rule>([
  ...`ContainerIDFile PortBindings RestartPolicy AutoRemove ConsoleSize CapDrop Dns DnsOptions DnsSearch ExtraHosts
      GroupAdd PublishAllPorts ReadonlyRootfs ShmSize Init CpuShares Memory NanoCpus BlkioWeight CpuPeriod CpuQuota
      CpusetCpus CpusetMems KernelMemory KernelMemoryTCP MemoryReservation MemorySwap MemorySwappiness PidsLimit
      CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth`
    .split(/\s+/)
    .map((name): [string, Rule] => [name, anything]),
  ['Binds', bindsRule],
  ['Mounts', mountsRule],
  ['Tmpfs', tmpfsRule],
  ['VolumeDriver', oneOf(['', 'local'], 'has its volumes made by a plugin')],
  ['VolumesFrom', nothing("has another container's mounts")],
  ['Links', nothing("is given another container's environment")],
  ['NetworkMode', network],
  [
    'IpcMode',
    oneOf(['', 'none', 'private', 'shareable'], 'shares memory with the host or another container'),
  ],
  ['PidMode', ownNamespace('its processes')],
  ['UTSMode', ownNamespace('its host name')],
  ['UsernsMode', ownNamespace('its users')],
  [
    'CgroupnsMode',
    (value, { cgroupNamespace }) =>
      isNothing(value) || value === 'private' || value === cgroupNamespace
        ? undefined
        : 'sees the control groups of the host',
  ],
  ['Cgroup', nothing('has the control group of another container')],
  ['CgroupParent', nothing('is put beside processes of the host')],
  ['Privileged', nothing('has every right of root on the host')],
  ['CapAdd', capabilities],
  ['SecurityOpt', securityOptions],
  ['MaskedPaths', atLeast(maskedPaths)],
  ['ReadonlyPaths', atLeast(readOnlyPaths)],
  ['Sysctls', sysctls],
  ['Ulimits', ulimits],
  [
    'OomScoreAdj',
    (value) =>
      isNothing(value) || (number(value) ?? -1) >= 0
        ? undefined
        : 'outlives processes of the host when memory is short',
  ],
  ['OomKillDisable', nothing('cannot be ended when memory is short')],
  ['CpuRealtimePeriod', nothing('takes real-time from the host')],
  ['CpuRealtimeRuntime', nothing('takes real-time from the host')],
  ['Devices', hostDevices],
  ['DeviceRequests', hostDevices],
  ['DeviceCgroupRules', hostDevices],
  ...[
    'BlkioWeightDevice',
    'BlkioDeviceReadBps',
    'BlkioDeviceWriteBps',
    'BlkioDeviceReadIOps',
    'BlkioDeviceWriteIOps',
  ].map((name): [string, Rule] => [name, nothing('names devices of the host')]),
  [
    'Runtime',
    (value, { runtime }) =>
      isNothing(value) || value === runtime ? undefined : 'is run by another program than usual',
  ],
  ['Isolation', oneOf(['', 'default'], 'is confined otherwise than usual')],
  ['Annotations', nothing('gives orders to the program that runs it')],
  ['StorageOpt', eachPair((key) => key === 'size', 'gives orders to the storage driver')],
  ['LogConfig', logging],
]);

/** Of an endpoint in NetworkingConfig. What the engine fills in itself, it does not read. */
export const endpointRules: Rules = new Map<string, Rule>([
  ...`IPAMConfig Links Aliases MacAddress GwPriority NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway
      GlobalIPv6Address GlobalIPv6PrefixLen DNSNames`
    .split(/\s+/)
    .map((name): [string, Rule] => [name, anything]),
  ['DriverOpts', nothing('gives orders to the network driver')],
]);
