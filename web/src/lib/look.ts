import type {
  AuditOutcome,
  ContainerHealth,
  ContainerState,
  ProblemSeverity,
  ServerStatus,
} from '#lib/generated/graphql.ts';

/** The five looks that every state of anything is shown in: colour, icon and word, never colour alone. */
export type Look = 'good' | 'warning' | 'critical' | 'neutral' | 'unknown';

const ofServer: Record<ServerStatus, Look> = {
  ONLINE: 'good',
  CONNECTING: 'warning',
  OFFLINE: 'critical',
  ERROR: 'critical',
  MAINTENANCE: 'neutral',
  PENDING: 'unknown',
};

export function serverLook(status: ServerStatus): Look {
  return ofServer[status];
}

const ofContainer: Record<ContainerState, Look> = {
  RUNNING: 'good',
  PAUSED: 'warning',
  RESTARTING: 'warning',
  REMOVING: 'warning',
  CREATED: 'neutral',
  EXITED: 'neutral',
  DEAD: 'critical',
};

/** A container that runs but fails its own check is as bad as a dead one; one that ended with an error asks for a look. */
export function containerLook(container: {
  state: ContainerState;
  health?: ContainerHealth | null | undefined;
  exitCode?: number | null | undefined;
}): Look {
  if (container.state === 'RUNNING' && container.health === 'UNHEALTHY') return 'critical';
  if (container.state === 'RUNNING' && container.health === 'STARTING') return 'warning';
  if (container.state === 'EXITED' && (container.exitCode ?? 0) !== 0) return 'warning';
  return ofContainer[container.state];
}

const ofProblem: Record<ProblemSeverity, Look> = { WARNING: 'warning', CRITICAL: 'critical' };

export function problemLook(severity: ProblemSeverity): Look {
  return ofProblem[severity];
}

const ofOutcome: Record<AuditOutcome, Look> = { OK: 'good', REFUSED: 'warning', FAILED: 'critical' };

export function outcomeLook(outcome: AuditOutcome): Look {
  return ofOutcome[outcome];
}

/** Where a gauge turns yellow and red, in percent. The API raises its problems at the same marks. */
export const gaugeMarks = { warning: 80, critical: 92 } as const;

export function gaugeLook(percent: number | null | undefined): Look {
  if (percent === null || percent === undefined) return 'unknown';
  if (percent >= gaugeMarks.critical) return 'critical';
  return percent >= gaugeMarks.warning ? 'warning' : 'good';
}

const severityOrder: Record<Look, number> = { critical: 0, warning: 1, unknown: 2, neutral: 3, good: 4 };

/** Sorts the worst first. */
export function byLook(a: Look, b: Look): number {
  return severityOrder[a] - severityOrder[b];
}
