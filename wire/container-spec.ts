/**
 * A container as it is asked for: the same words at the API and on the agent, and the same rules, so that what the API
 * takes no agent refuses. Whether it may be made is another question: the agent's own judge answers it.
 */
export interface ContainerSpec {
  readonly image: string;
  readonly name?: string | null | undefined;
  /** What the image's entry point is given; the image's own when absent. */
  readonly command?: readonly string[] | null | undefined;
  /** Empty for none. */
  readonly entrypoint?: readonly string[] | null | undefined;
  readonly environment?: readonly EnvironmentVariable[] | null | undefined;
  readonly secretVariables?: readonly SecretVariable[] | null | undefined;
  readonly secretFiles?: readonly SecretFile[] | null | undefined;
  readonly labels?: readonly Pair[] | null | undefined;
  readonly ports?: readonly PublishedPort[] | null | undefined;
  readonly mounts?: readonly MountSpec[] | null | undefined;
  /** The first is its main one; the engine's own when empty. `host`, `none` and `container:<name>` stand alone. */
  readonly networks?: readonly NetworkAttachment[] | null | undefined;
  readonly restartPolicy?: RestartPolicySpec | null | undefined;
  readonly limits?: LimitsSpec | null | undefined;
  readonly healthcheck?: HealthcheckSpec | null | undefined;
  readonly user?: string | null | undefined;
  readonly groups?: readonly string[] | null | undefined;
  readonly workingDir?: string | null | undefined;
  readonly hostname?: string | null | undefined;
  readonly domainname?: string | null | undefined;
  readonly macAddress?: string | null | undefined;
  readonly dns?: readonly string[] | null | undefined;
  readonly dnsSearch?: readonly string[] | null | undefined;
  readonly dnsOptions?: readonly string[] | null | undefined;
  /** `name:address`. */
  readonly extraHosts?: readonly string[] | null | undefined;
  readonly publishAllPorts?: boolean | null | undefined;
  readonly tty?: boolean | null | undefined;
  readonly interactive?: boolean | null | undefined;
  readonly init?: boolean | null | undefined;
  readonly autoRemove?: boolean | null | undefined;
  readonly readOnly?: boolean | null | undefined;
  readonly stopSignal?: string | null | undefined;
  readonly stopTimeoutSeconds?: number | null | undefined;
  readonly logDriver?: string | null | undefined;
  readonly logOptions?: readonly Pair[] | null | undefined;
  readonly capAdd?: readonly string[] | null | undefined;
  readonly capDrop?: readonly string[] | null | undefined;
  readonly privileged?: boolean | null | undefined;
  readonly securityOptions?: readonly string[] | null | undefined;
  readonly devices?: readonly DeviceSpec[] | null | undefined;
  /** How many graphics cards, -1 for all. */
  readonly gpus?: number | null | undefined;
  readonly sysctls?: readonly Pair[] | null | undefined;
  readonly ulimits?: readonly UlimitSpec[] | null | undefined;
  readonly pidMode?: string | null | undefined;
  readonly ipcMode?: string | null | undefined;
  readonly utsMode?: string | null | undefined;
  readonly usernsMode?: string | null | undefined;
  readonly cgroupnsMode?: string | null | undefined;
  readonly cgroupParent?: string | null | undefined;
  readonly runtime?: string | null | undefined;
  readonly volumesFrom?: readonly string[] | null | undefined;
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** A variable whose value is a secret that the control plane keeps. */
export interface SecretVariable {
  readonly name: string;
  /** The secret, by its name. */
  readonly secret: string;
}

/** A file whose content is a secret that the control plane keeps. */
export interface SecretFile {
  /** The secret, by its name. */
  readonly secret: string;
  /** Absolute. @default /run/secrets/<name> */
  readonly path?: string | null | undefined;
  /** Permissions as a number: 256 is 0400. @default 256 */
  readonly mode?: number | null | undefined;
  /** Numbers of the owner and its group. @default those of the container's user where it is given as numbers, else 0 */
  readonly uid?: number | null | undefined;
  readonly gid?: number | null | undefined;
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol?: string | null | undefined;
  /** One that is free when absent. */
  readonly hostPort?: number | null | undefined;
  /** Every address of the host when absent. */
  readonly hostAddress?: string | null | undefined;
}

export const mountKinds = ['BIND', 'TMPFS', 'VOLUME'] as const;

export interface MountSpec {
  readonly kind: (typeof mountKinds)[number];
  /** Path on the host, or name of a volume; a new volume without name when absent. */
  readonly source?: string | null | undefined;
  readonly target: string;
  readonly readOnly?: boolean | null | undefined;
  /** Of memory. */
  readonly sizeBytes?: number | null | undefined;
}

export interface NetworkAttachment {
  readonly name: string;
  readonly aliases?: readonly string[] | null | undefined;
  readonly ipv4Address?: string | null | undefined;
  readonly ipv6Address?: string | null | undefined;
}

export const restartPolicies = ['ALWAYS', 'NO', 'ON_FAILURE', 'UNLESS_STOPPED'] as const;

export interface RestartPolicySpec {
  readonly name: (typeof restartPolicies)[number];
  /** Only of ON_FAILURE; without end when absent. */
  readonly maximumRetries?: number | null | undefined;
}

export interface LimitsSpec {
  readonly memoryBytes?: number | null | undefined;
  readonly memoryReservationBytes?: number | null | undefined;
  /** Memory and swap together; -1 for swap without limit. */
  readonly memorySwapBytes?: number | null | undefined;
  readonly cpus?: number | null | undefined;
  readonly cpuShares?: number | null | undefined;
  /** CPUs by number, such as 0-2,4. */
  readonly cpuset?: string | null | undefined;
  readonly pids?: number | null | undefined;
  readonly shmBytes?: number | null | undefined;
}

export interface HealthcheckSpec {
  /** None, not even the image's. */
  readonly disabled?: boolean | null | undefined;
  /** `CMD` and words, or `CMD-SHELL` and a line; the image's own when absent. */
  readonly test?: readonly string[] | null | undefined;
  readonly intervalMs?: number | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly startPeriodMs?: number | null | undefined;
  readonly retries?: number | null | undefined;
}

export interface DeviceSpec {
  readonly hostPath: string;
  readonly containerPath?: string | null | undefined;
  /** Of r, w and m. @default rwm */
  readonly permissions?: string | null | undefined;
}

export interface UlimitSpec {
  readonly name: string;
  /** -1 for none. */
  readonly soft: number;
  readonly hard: number;
}
