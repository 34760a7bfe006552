import type { DockerFacts } from '../docker/container.ts';

/** What started this process and will start it again. */
export type Supervisor = 'systemd' | 'script' | 'parent' | 'none';

/** What a host is, as opposed to what it does; see the schema for each field's meaning. */
export interface Facts {
  readonly hostname: string;
  readonly machineId: string;
  readonly osName: string;
  readonly osVersion: string;
  readonly kernel: string;
  readonly arch: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly agentVersion: string;
  readonly contract: string;
  readonly nodeVersion: string;
  readonly addresses: readonly string[];
  readonly timezone: string;
  readonly virtualization: string | null;
  readonly bootedAt: number;
  readonly docker: DockerFacts;
  readonly runsAs: string;
  readonly supervisor: Supervisor;
}

/** The facts of this host, read anew on each call; takes a few milliseconds and starts no process. */
export interface FactsSource {
  current(): Facts;
}
