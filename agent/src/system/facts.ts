import { readlinkSync } from 'node:fs';
import { hostname, cpus, totalmem, release, type as osType, uptime, userInfo } from 'node:os';
import { contractVersion } from '@serverkit/wire/handshake.ts';
import type { DockerFacts } from '../docker/container.ts';
import { agentVersion } from '../version.ts';
import { ownAddresses } from './addresses.ts';
import { machineIdOf } from './machine-id.ts';
import { readText } from './read-text.ts';
import { virtualization } from './virtualization.ts';

/** What started this process and will start it again. */
export type Supervisor = 'systemd' | 'script' | 'parent' | 'none';

/** What a host is, as opposed to what it does; the schema tells the meaning of each field. */
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

/** The facts of this host, read anew on each call; a few milliseconds, no process started. */
export interface FactsSource {
  current(): Facts;
}

export interface FactsOptions {
  /** Keeps an id for hosts that have no machine id. */
  readonly stateDir: string;
  readonly supervisor: Supervisor;
  readonly docker: () => DockerFacts;
  /** Size of all mounted file systems together, as of the latest sample. */
  readonly diskBytes: () => number;
}

export function createFacts({ stateDir, supervisor, docker, diskBytes }: FactsOptions): FactsSource {
  const machineId = machineIdOf(stateDir);
  const virtual = virtualization();
  return {
    current() {
      const [cpu, ...others] = cpus();
      return {
        hostname: hostname(),
        machineId,
        ...operatingSystem(),
        kernel: `${osType()} ${release()}`,
        arch: process.arch,
        cpuModel: cpu?.model.trim() || 'unknown',
        cpuCount: 1 + others.length,
        memoryBytes: totalmem(),
        diskBytes: diskBytes(),
        agentVersion,
        contract: contractVersion,
        nodeVersion: process.versions.node,
        addresses: ownAddresses(),
        timezone: timezone(),
        virtualization: virtual,
        bootedAt: bootTime(),
        docker: docker(),
        runsAs: accountName(),
        supervisor,
      };
    },
  };
}

/** os-release(5): shell-like assignments. */
export function parseOsRelease(text: string): { osName: string; osVersion: string } {
  const value = (key: string): string | undefined => {
    const raw = new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim();
    return raw?.replace(/^(["'])(.*)\1$/, '$2').replace(/\\(["$`\\])/g, '$1');
  };
  return { osName: value('NAME') ?? osType(), osVersion: value('VERSION') ?? value('VERSION_ID') ?? '' };
}

function operatingSystem(): { osName: string; osVersion: string } {
  if (process.platform !== 'linux') return { osName: osType(), osVersion: release() };
  return parseOsRelease(readUtf8('/etc/os-release') || readUtf8('/usr/lib/os-release'));
}

function readUtf8(path: string): string {
  return Buffer.from(readText(path), 'latin1').toString('utf8');
}

/** Boot time of /proc/stat does not wander with the clock, unlike now − uptime. */
function bootTime(): number {
  const seconds = /^btime (\d+)$/m.exec(readText('/proc/stat'))?.[1];
  return seconds === undefined ? Date.now() - Math.round(uptime() * 1000) : Number(seconds) * 1000;
}

/** Not asked of Intl, which would load its tables for this alone. */
function timezone(): string {
  if (process.env['TZ']) return process.env['TZ'].replace(/^:/, '');
  try {
    return /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync('/etc/localtime'))?.[1] ?? 'UTC';
  } catch {
    return readText('/etc/timezone').trim() || 'UTC';
  }
}

/** Containers may run as a uid that no account has. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
