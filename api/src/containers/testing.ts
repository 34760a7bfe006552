import type { AgentContainer } from './mirror.ts';

/** A container as an agent tells of it. */
export function seen(n: number, given: Partial<AgentContainer> = {}): AgentContainer {
  return {
    id: String(n).padStart(64, '0'),
    name: `web-${n}`,
    image: 'web',
    imageId: 'sha256:0',
    command: 'web',
    state: 'RUNNING',
    status: 'Up',
    createdAt: 0,
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    health: null,
    labels: [],
    ports: [],
    networks: [],
    cpuPercent: null,
    memoryBytes: null,
    memoryLimitBytes: null,
    ...given,
  };
}
