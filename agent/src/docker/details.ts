import type { Container } from './container.ts';
import type { Variable } from './environment.ts';

export interface ContainerMount {
  /** bind, volume, tmpfs, … */
  readonly type: string;
  readonly name: string | null;
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
}

/** Null stands for "no limit". */
export interface ContainerLimits {
  readonly memoryBytes: number | null;
  readonly cpus: number | null;
  readonly pids: number | null;
}

export interface ContainerHealthcheck {
  readonly test: readonly string[];
  readonly intervalMs: number | null;
  readonly timeoutMs: number | null;
  readonly retries: number | null;
  readonly failingStreak: number;
  /** Output of the last check, at most 4 KB. */
  readonly lastOutput: string | null;
}

/** One container in depth. Values of variables that look secret stay on the host until somebody asks for them. */
export interface ContainerDetails {
  readonly container: Container;
  readonly entrypoint: readonly string[];
  readonly arguments: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly hostname: string;
  readonly tty: boolean;
  readonly privileged: boolean;
  readonly restartPolicy: string;
  readonly restartCount: number;
  readonly networkMode: string;
  readonly logDriver: string;
  readonly platform: string;
  readonly pid: number | null;
  readonly oomKilled: boolean;
  /** Why the engine could not start it. */
  readonly error: string | null;
  readonly mounts: readonly ContainerMount[];
  readonly environmentNames: readonly string[];
  readonly environment: readonly Variable[];
  readonly limits: ContainerLimits;
  readonly healthcheck: ContainerHealthcheck | null;
  /** `docker inspect` as JSON text, values of variables that look secret masked. */
  readonly inspectJson: string;
}
