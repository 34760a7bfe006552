import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import type { ContainerFieldsFragment } from '../generated/agent/graphql.ts';
import type { Measured } from '../metrics/service.ts';
import { highForMs, type Pressure } from './pressure.ts';
import type { Problem, ProblemCode, Severity } from './problem.ts';

/** A file system is nearly full, or as good as full, from here (percent of what can be used). */
const disk = { high: 90, critical: 97 } as const;
const memoryCriticalPercent = 97;

/** A clock further off than this (ms) makes logs and certificates lie. */
const skewMs = 30_000;

/** Containers named per server and kind: a host that lost its registry would fill the page. */
const mostContainers = 20;

export interface Invitation {
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
}

export type ServerState = Pick<
  Server,
  'id' | 'name' | 'connection' | 'maintenance' | 'lastSeenAt' | 'lastError' | 'clockSkewMs'
> & {
  /** The newest. */
  readonly invitation: Invitation | undefined;
};

/** The containers of a server as its agent last reported them. */
export interface ContainersState {
  readonly docker: { readonly available: boolean; readonly error: string | null };
  readonly containers: ReadonlyMap<string, Pick<ContainerFieldsFragment, 'name' | 'state' | 'health'>>;
  readonly observedAt: Date;
  readonly live: boolean;
}

/** An update that failed, and is not tried again by itself. */
export interface FailedUpdate {
  /** Of the container or stack. */
  readonly name: string;
  readonly at: Date;
}

/** All that the rules look at. */
export interface Evidence {
  readonly server: ServerState;
  readonly newest: Measured | undefined;
  readonly pressure: Pressure | undefined;
  readonly containers: ContainersState | undefined;
  readonly failedUpdates: readonly FailedUpdate[];
  /** ms since 1970 */
  readonly now: number;
}

/**
 * What is wrong with a server. In maintenance only an error of the link is; of a server that is not online nothing is
 * said but that.
 */
export function problemsOf(evidence: Evidence): Problem[] {
  const { server } = evidence;
  if (server.connection === 'error') return [agentError(server)];
  if (server.maintenance) return [];
  switch (server.connection) {
    case 'pending':
      return registrationExpired(evidence);
    case 'offline':
      return [agentOffline(server)];
    case 'online':
      return [...machine(evidence), ...docker(evidence), ...updates(evidence)];
    default:
      return [];
  }
}

interface Details {
  readonly since?: Date | null;
  readonly subject?: string;
  readonly value?: number;
}

function problem(
  { id, name }: ServerState,
  severity: Severity,
  code: ProblemCode,
  message: string,
  { since = null, subject, value }: Details = {},
): Problem {
  return {
    serverId: id,
    serverName: name,
    severity,
    code,
    message,
    since,
    subject: subject ?? null,
    value: value ?? null,
  };
}

function agentError(server: ServerState): Problem {
  const reason = server.lastError ?? 'The agent cannot be talked to.';
  return problem(server, 'CRITICAL', 'AGENT_ERROR', reason, { since: server.lastSeenAt });
}

function agentOffline(server: ServerState): Problem {
  return problem(server, 'CRITICAL', 'AGENT_OFFLINE', 'The agent is not connected.', {
    since: server.lastSeenAt,
  });
}

function registrationExpired({ server, now }: Evidence): Problem[] {
  const { invitation } = server;
  if (!invitation || invitation.usedAt !== null || invitation.expiresAt.getTime() > now) return [];
  return [
    problem(
      server,
      'WARNING',
      'REGISTRATION_EXPIRED',
      'The registration token expired before an agent used it. Make a new one.',
      { since: invitation.expiresAt },
    ),
  ];
}

function machine({ server, newest, pressure }: Evidence): Problem[] {
  const found: Problem[] = [];
  const skew = server.clockSkewMs ?? 0;
  if (Math.abs(skew) >= skewMs) {
    const direction = skew > 0 ? 'ahead of' : 'behind';
    const message = `The clock of the server is ${Math.round(Math.abs(skew) / 1000)} s ${direction} ours.`;
    found.push(problem(server, 'WARNING', 'CLOCK_SKEW', message, { value: skew }));
  }
  if (!newest) return found;
  const { sample } = newest;
  if (lasted(pressure?.cpuSince, newest.at, highForMs.cpu)) {
    found.push(
      problem(server, 'WARNING', 'CPU_HIGH', `The CPU is ${percent(sample.cpuPercent)} busy.`, {
        since: dateOf(pressure?.cpuSince),
        value: sample.cpuPercent,
      }),
    );
  }
  const memory = share(sample.memoryUsedBytes, sample.memoryTotalBytes);
  if (lasted(pressure?.memorySince, newest.at, highForMs.memory)) {
    const severity = memory >= memoryCriticalPercent ? 'CRITICAL' : 'WARNING';
    found.push(
      problem(server, severity, 'MEMORY_HIGH', `${percent(memory)} of the memory is used.`, {
        since: dateOf(pressure?.memorySince),
        value: memory,
      }),
    );
  }
  for (const { path, usedBytes, availableBytes } of sample.mounts) {
    const used = share(usedBytes, usedBytes + availableBytes);
    if (used < disk.high) continue;
    const severity = used >= disk.critical ? 'CRITICAL' : 'WARNING';
    const message = `The file system ${path} is ${percent(used)} full.`;
    found.push(problem(server, severity, 'DISK_FULL', message, { subject: path, value: used }));
  }
  return found;
}

function docker({ server, containers }: Evidence): Problem[] {
  if (!containers?.live) return [];
  const list = [...containers.containers.values()];
  if (!containers.docker.available) {
    // A machine that never had Docker lacks nothing.
    if (list.length === 0) return [];
    const message = containers.docker.error ?? 'Docker does not answer.';
    return [problem(server, 'CRITICAL', 'DOCKER_UNAVAILABLE', message, { since: containers.observedAt })];
  }
  const unhealthy = list.filter(({ state, health }) => state === 'RUNNING' && health === 'unhealthy');
  const restarting = list.filter(({ state }) => state === 'RESTARTING');
  return [
    ...unhealthy.slice(0, mostContainers).map(({ name }) =>
      problem(server, 'WARNING', 'CONTAINER_UNHEALTHY', `The container ${name} fails its health check.`, {
        subject: name,
      }),
    ),
    ...restarting.slice(0, mostContainers).map(({ name }) =>
      problem(server, 'WARNING', 'CONTAINER_RESTARTING', `The container ${name} keeps restarting.`, {
        subject: name,
      }),
    ),
  ];
}

function updates({ server, failedUpdates }: Evidence): Problem[] {
  return failedUpdates
    .slice(0, mostContainers)
    .map(({ name, at }) =>
      problem(
        server,
        'WARNING',
        'UPDATE_FAILED',
        `The update of ${name} failed, and is not tried again by itself.`,
        { subject: name, since: at },
      ),
    );
}

function lasted(since: number | undefined, at: number, ms: number): boolean {
  return since !== undefined && at - since >= ms;
}

function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.round((part / whole) * 1_000) / 10 : 0;
}

function percent(value: number): string {
  return `${Math.round(value)} %`;
}
