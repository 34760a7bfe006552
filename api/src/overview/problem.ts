export const severities = ['CRITICAL', 'WARNING'] as const;
export type Severity = (typeof severities)[number];

export const problemCodes = [
  'AGENT_ERROR',
  'AGENT_OFFLINE',
  'CLOCK_SKEW',
  'CONTAINER_RESTARTING',
  'CONTAINER_UNHEALTHY',
  'CPU_HIGH',
  'DISK_FULL',
  'DOCKER_UNAVAILABLE',
  'MEMORY_HIGH',
  'REGISTRATION_EXPIRED',
  'UPDATE_FAILED',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** Something wrong with a server, as a code to translate and a sentence in English. */
export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly serverId: string;
  readonly serverName: string;
  readonly message: string;
  /** When it began, as far as known. */
  readonly since: Date | null;
  /** The container, stack or mount it is about. */
  readonly subject: string | null;
  /** Percent, or milliseconds; see the codes. */
  readonly value: number | null;
}

/** Worst first; what is equally bad by server and code, so that the order is always the same. */
export function worstFirst(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      a.serverName.localeCompare(b.serverName) ||
      problemCodes.indexOf(a.code) - problemCodes.indexOf(b.code) ||
      (a.subject ?? '').localeCompare(b.subject ?? ''),
  );
}
