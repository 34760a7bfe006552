import type {
  ContainerSpec,
  HealthcheckSpec,
  LimitsSpec,
  MountSpec,
  NetworkAttachment,
  Pair,
  PublishedPort,
  RestartPolicySpec,
} from '@serverkit/wire/container-spec.ts';
import type { JsonObject } from '../docker/json.ts';

/** The body of POST /containers/create, and the networks that the engine can only join afterwards (before API 1.44). */
export interface CreateRequest {
  readonly body: JsonObject;
  readonly later: readonly { readonly network: string; readonly endpoint: JsonObject }[];
}

/** A spec, checked, in the words of the Engine API. */
export function requestOf(spec: ContainerSpec): CreateRequest {
  const [main, ...others] = spec.networks ?? [];
  const body = {
    ...config(spec),
    HostConfig: hostConfig(spec, main?.name),
    ...(main &&
      isNetwork(main.name) && { NetworkingConfig: { EndpointsConfig: { [main.name]: endpoint(main) } } }),
  };
  return { body, later: others.map((other) => ({ network: other.name, endpoint: endpoint(other) })) };
}

function config(spec: ContainerSpec): JsonObject {
  const interactive = spec.interactive ?? false;
  return given({
    Image: spec.image,
    Cmd: spec.command,
    // An empty list stands for the image's own, a list of nothing for none.
    Entrypoint: spec.entrypoint?.length === 0 ? [''] : spec.entrypoint,
    Env: spec.environment?.map(({ name, value }) => `${name}=${value}`),
    Labels: spec.labels && pairs(spec.labels),
    ExposedPorts: spec.ports && Object.fromEntries(spec.ports.map((port) => [portOf(port), {}])),
    Healthcheck: spec.healthcheck && healthcheckOf(spec.healthcheck),
    User: spec.user,
    WorkingDir: spec.workingDir,
    Hostname: spec.hostname,
    Domainname: spec.domainname,
    MacAddress: spec.macAddress,
    Tty: spec.tty,
    OpenStdin: spec.interactive,
    AttachStdin: interactive,
    AttachStdout: true,
    AttachStderr: true,
    StopSignal: spec.stopSignal,
    StopTimeout: spec.stopTimeoutSeconds,
  });
}

function hostConfig(spec: ContainerSpec, network: string | undefined): JsonObject {
  const { restartPolicy, limits } = spec;
  return given({
    NetworkMode: network,
    PortBindings: spec.ports && bindingsOf(spec.ports),
    PublishAllPorts: spec.publishAllPorts,
    Mounts: spec.mounts?.map(mountOf),
    VolumesFrom: spec.volumesFrom,
    RestartPolicy: restartPolicy && restartPolicyOf(restartPolicy),
    ...(limits && resources(limits)),
    ShmSize: limits?.shmBytes,
    GroupAdd: spec.groups,
    Dns: spec.dns,
    DnsSearch: spec.dnsSearch,
    DnsOptions: spec.dnsOptions,
    ExtraHosts: spec.extraHosts,
    Init: spec.init,
    AutoRemove: spec.autoRemove,
    ReadonlyRootfs: spec.readOnly,
    LogConfig: (spec.logDriver || spec.logOptions?.length) && {
      Type: spec.logDriver ?? '',
      Config: pairs(spec.logOptions ?? []),
    },
    CapAdd: spec.capAdd,
    CapDrop: spec.capDrop,
    Privileged: spec.privileged,
    SecurityOpt: spec.securityOptions,
    Devices: spec.devices?.map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath ?? hostPath,
      CgroupPermissions: permissions ?? 'rwm',
    })),
    DeviceRequests: spec.gpus ? [{ Driver: '', Count: spec.gpus, Capabilities: [['gpu']] }] : undefined,
    Sysctls: spec.sysctls && pairs(spec.sysctls),
    Ulimits: spec.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    PidMode: spec.pidMode,
    IpcMode: spec.ipcMode,
    UTSMode: spec.utsMode,
    UsernsMode: spec.usernsMode,
    CgroupnsMode: spec.cgroupnsMode,
    CgroupParent: spec.cgroupParent,
    Runtime: spec.runtime,
  });
}

export function restartPolicyOf({ name, maximumRetries }: RestartPolicySpec): JsonObject {
  return { Name: name.toLowerCase().replace('_', '-'), MaximumRetryCount: maximumRetries ?? 0 };
}

/** Also the body of POST /containers/{id}/update. */
export function resources(limits: LimitsSpec): JsonObject {
  return given({
    Memory: limits.memoryBytes,
    MemoryReservation: limits.memoryReservationBytes,
    MemorySwap: limits.memorySwapBytes,
    NanoCpus: limits.cpus && Math.round(limits.cpus * 1e9),
    CpuShares: limits.cpuShares,
    CpusetCpus: limits.cpuset,
    PidsLimit: limits.pids,
  });
}

function mountOf({ kind, source, target, readOnly, sizeBytes }: MountSpec): JsonObject {
  return given({
    Type: kind.toLowerCase(),
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    TmpfsOptions: sizeBytes ? { SizeBytes: sizeBytes } : undefined,
  });
}

function portOf({ containerPort, protocol }: PublishedPort): string {
  return `${containerPort}/${protocol ?? 'tcp'}`;
}

function bindingsOf(ports: readonly PublishedPort[]): JsonObject {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const { hostAddress, hostPort } = port;
    (bindings[portOf(port)] ??= []).push({
      HostIp: hostAddress ?? '',
      HostPort: hostPort ? String(hostPort) : '',
    });
  }
  return bindings;
}

function healthcheckOf({ disabled, test, ...times }: HealthcheckSpec): JsonObject {
  if (disabled) return { Test: ['NONE'] };
  const nanoseconds = (ms: number | null | undefined) => ms && ms * 1e6;
  return given({
    Test: test,
    Interval: nanoseconds(times.intervalMs),
    Timeout: nanoseconds(times.timeoutMs),
    StartPeriod: nanoseconds(times.startPeriodMs),
    Retries: times.retries,
  });
}

function endpoint({ aliases, ipv4Address, ipv6Address }: NetworkAttachment): JsonObject {
  return given({
    Aliases: aliases?.length ? aliases : undefined,
    IPAMConfig:
      ipv4Address || ipv6Address ? given({ IPv4Address: ipv4Address, IPv6Address: ipv6Address }) : undefined,
  });
}

/** The engine has networks that are none: settings of the container instead. */
function isNetwork(name: string): boolean {
  return !['host', 'none', 'default'].includes(name) && !name.startsWith('container:');
}

function pairs(list: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value]));
}

/** Without what was not said. */
function given(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  );
}
