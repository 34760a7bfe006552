/** Why a server is not proposed. */
export type Exclusion =
  'OFFLINE' | 'MAINTENANCE' | 'NO_DOCKER' | 'NO_SCOPE' | 'NO_METRICS' | 'TOO_LITTLE_MEMORY';

/** What is known of a server. */
export interface Known {
  readonly serverId: string;
  readonly online: boolean;
  readonly maintenance: boolean;
  /** Whether the one who asks may do it there, and the server allows it. */
  readonly allowed: boolean;
  /** The newest that was measured; null without any, or when that is long ago. */
  readonly load: Load | null;
}

export interface Load {
  /** Over all cores, 0–100 %. */
  readonly cpuPercent: number;
  readonly cores: number;
  /** Bytes. */
  readonly memoryTotal: number;
  /** Bytes. */
  readonly memoryUsed: number;
  /** Whether Docker answers. */
  readonly docker: boolean;
}

/** A server that could take it. */
export interface Candidate {
  readonly serverId: string;
  /** Bytes. */
  readonly memoryFree: number;
  /** Bytes. */
  readonly memoryTotal: number;
  /** Cores that do nothing, such as 2.5 of 4. */
  readonly coresFree: number;
  readonly cores: number;
  /** 0–100: half for free memory and half for free cores, each beside the server that has most of it. */
  readonly score: number;
}

export interface Placement {
  /** The best first. */
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly { readonly serverId: string; readonly reason: Exclusion }[];
}

/** Orders servers by what is free on them. @param memory - bytes that must be free */
export function placementOf(servers: readonly Known[], memory = 0): Placement {
  const excluded: { serverId: string; reason: Exclusion }[] = [];
  const fit: Omit<Candidate, 'score'>[] = [];
  for (const server of servers) {
    const reason = exclusionOf(server, memory);
    if (reason) excluded.push({ serverId: server.serverId, reason });
    else if (server.load) fit.push(freeOf(server.serverId, server.load));
  }
  const [mostMemory, mostCores] = [
    Math.max(1, ...fit.map(({ memoryFree }) => memoryFree)),
    Math.max(0.01, ...fit.map(({ coresFree }) => coresFree)),
  ];
  const candidates = fit
    .map((one) => {
      const score = Math.round(50 * (one.memoryFree / mostMemory) + 50 * (one.coresFree / mostCores));
      return Object.assign({ score }, one);
    })
    .toSorted((a, b) => b.score - a.score || b.memoryFree - a.memoryFree);
  return { candidates, excluded };
}

function exclusionOf({ online, maintenance, allowed, load }: Known, memory: number): Exclusion | undefined {
  if (!allowed) return 'NO_SCOPE';
  if (maintenance) return 'MAINTENANCE';
  if (!online) return 'OFFLINE';
  if (!load) return 'NO_METRICS';
  if (!load.docker) return 'NO_DOCKER';
  return load.memoryTotal - load.memoryUsed < memory ? 'TOO_LITTLE_MEMORY' : undefined;
}

function freeOf(serverId: string, { cpuPercent, cores, memoryTotal, memoryUsed }: Load) {
  return {
    serverId,
    memoryFree: Math.max(0, memoryTotal - memoryUsed),
    memoryTotal,
    coresFree: Math.round(cores * (100 - cpuPercent)) / 100,
    cores,
  };
}
