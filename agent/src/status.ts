import type { DockerFacts } from './docker/container.ts';
import type { LinkState } from './link/link.ts';
import type { PolicyMode } from './policy.ts';
import type { Supervisor } from './system/facts.ts';

/** What `serverkit-agent status --json` tells. Times are ms since 1970. */
export interface AgentStatus {
  readonly version: string;
  readonly contract: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly uptimeSeconds: number;
  readonly config: string;
  readonly stateDir: string;
  readonly agentId: string;
  readonly serverId: string;
  readonly name: string;
  /** Ids of the public keys, as the control plane shows them. */
  readonly keys: { readonly own: string; readonly rotating: boolean; readonly control: string };
  readonly server: string;
  readonly link: LinkState & { readonly since: number };
  readonly policy: {
    readonly mode: PolicyMode;
    readonly scopes: readonly string[];
    readonly deniedPaths: readonly string[];
  };
  readonly disabledFeatures: readonly string[];
  readonly docker: DockerFacts;
  readonly samples: { readonly epoch: string; readonly kept: number };
  readonly supervisor: Supervisor;
  readonly memoryBytes: number;
}

const links: Record<LinkState['state'], string> = {
  online: 'online',
  connecting: 'connecting',
  waiting: 'offline, trying again',
  stopped: 'stopped',
};

/** The status for people. */
export function statusText(status: AgentStatus, now = Date.now()): string {
  const { link, docker, keys, policy } = status;
  const rows: [string, string][] = [
    ['Server', `${status.name} (${status.serverId})`],
    ['Control plane', status.server],
    ['Link', `${links[link.state]} for ${ago(now - link.since)}${link.reason ? `: ${link.reason}` : ''}`],
    ['Agent', `${status.version}, process ${status.pid}, up ${ago(now - status.startedAt)}`],
    ['Docker', docker.available ? (docker.version ?? 'available') : `not available: ${docker.error ?? ''}`],
    ['Keys', `own ${keys.own}${keys.rotating ? ' (being replaced)' : ''}, control plane's ${keys.control}`],
    ['Samples kept', String(status.samples.kept)],
    [
      'Allowed',
      policy.mode === 'managed' ? 'what the control plane decides' : policy.scopes.join(' ') || 'nothing',
    ],
    ['Configuration', status.config],
  ];
  if (status.disabledFeatures.length > 0) rows.push(['Switched off', status.disabledFeatures.join(' ')]);
  return rows.map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`).join('');
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
