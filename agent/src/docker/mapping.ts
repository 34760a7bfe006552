import { containerStates, type Container, type ContainerState, type Port } from './container.ts';
import { array, number, object, text, textOrNull, texts, time, type JsonObject } from './json.ts';
import { pairsOf, toldLabels } from './labels.ts';

/** What only `inspect` tells of a container, and nothing but an event changes. */
export interface Lifetime {
  /** Null when nobody could look. */
  readonly state: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly exitCode: number | null;
  readonly health: string | null;
  /** On the host; null when it does not run. */
  readonly pid: number | null;
  /** False where it shares the network of the host or of another container. */
  readonly ownNetwork: boolean;
}

/** Memory and CPU as they are now; see {@link Container}. */
export interface Usage {
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
}

export const unknownLifetime: Lifetime = {
  state: null,
  startedAt: null,
  finishedAt: null,
  exitCode: null,
  health: null,
  pid: null,
  ownNetwork: false,
};

export const noUsage: Usage = { cpuPercent: null, memoryBytes: null, memoryLimitBytes: null };

/** A container out of an entry of GET /containers/json. */
export function containerOf(entry: JsonObject, lifetime: Lifetime, usage: Usage): Container {
  const { startedAt, finishedAt, health } = lifetime;
  const state = stateOf(entry['State']);
  return {
    id: text(entry['Id']),
    name: nameOf(entry),
    image: text(entry['Image']),
    imageId: text(entry['ImageID']),
    command: text(entry['Command']),
    state,
    status: text(entry['Status']),
    createdAt: (number(entry['Created']) ?? 0) * 1000,
    startedAt,
    finishedAt,
    // The two replies are a moment apart: it may have ended in between.
    exitCode: isAlive(state) ? null : lifetime.exitCode,
    health,
    labels: pairsOf(toldLabels(entry['Labels'])),
    ports: array(entry['Ports'])
      .map((port) => portOf(object(port)))
      .toSorted(byPort),
    networks: Object.keys(object(object(entry['NetworkSettings'])['Networks'])),
    ...usage,
  };
}

/** `/web`; links of other containers to it look like `/other/alias`. */
function nameOf(entry: JsonObject): string {
  const names = texts(entry['Names']).map((name) => name.replace(/^\//, ''));
  return names.find((name) => !name.includes('/')) ?? names[0] ?? '';
}

export function stateOf(value: unknown): ContainerState {
  const name = text(value).toUpperCase();
  return containerStates.find((state) => state === name) ?? 'DEAD';
}

function isAlive(state: ContainerState): boolean {
  return state === 'RUNNING' || state === 'PAUSED' || state === 'RESTARTING';
}

function portOf(port: JsonObject): Port {
  return {
    privatePort: number(port['PrivatePort']) ?? 0,
    publicPort: number(port['PublicPort']),
    protocol: text(port['Type']),
    address: textOrNull(port['IP']),
  };
}

/** The engine lists them in the order of a Go map, which is a new one each time. */
function byPort(a: Port, b: Port): number {
  return (
    a.privatePort - b.privatePort ||
    (a.publicPort ?? 0) - (b.publicPort ?? 0) ||
    (portKey(a) < portKey(b) ? -1 : 1)
  );
}

/** What GET /containers/{id}/json says of a container's life. */
export function lifetimeOf(inspect: JsonObject): Lifetime {
  const state = object(inspect['State']);
  const startedAt = time(state['StartedAt']);
  const now = stateOf(state['Status']);
  const alive = isAlive(now);
  return {
    state: now,
    startedAt,
    finishedAt: time(state['FinishedAt']),
    exitCode: alive || startedAt === null ? null : number(state['ExitCode']),
    health: healthOf(object(state['Health'])['Status']),
    pid: number(state['Pid']) || null,
    ownNetwork: !/^(host$|container:)/.test(text(object(inspect['HostConfig'])['NetworkMode'])),
  };
}

/** "none" is how some engines say that there is no check. */
function healthOf(value: unknown): string | null {
  const health = textOrNull(value);
  return health === 'none' ? null : health;
}

function portKey(port: Port): string {
  return `${port.protocol} ${port.address ?? ''}`;
}
