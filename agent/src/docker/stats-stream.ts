import { round2 } from '../system/sample.ts';
import { withoutCache } from './cgroups.ts';
import type { ContainerStats } from './container.ts';
import type { Engine } from './engine.ts';
import { array, number, object, parse, text, type JsonObject } from './json.ts';
import { eachLine } from './lines.ts';

/** The engine tells it each second: what is older says how it was before the engine fell silent. Ms. */
const STALE = 10_000;

/**
 * Use of containers as the engine itself tells it once a second, for hosts where the control groups cannot be seen: Docker
 * Desktop, an agent inside a container. One connection per container, open only while somebody watches.
 */
export class StatsStreams {
  readonly #engine: Pick<Engine, 'stream'>;
  readonly #latest = new Map<string, { readonly stats: ContainerStats; readonly at: number }>();
  readonly #open = new Map<string, AbortController>();
  readonly #now: () => number;

  /** @param now - monotonic, in ms; replaced in tests */
  constructor(engine: Pick<Engine, 'stream'>, now: () => number = () => performance.now()) {
    this.#engine = engine;
    this.#now = now;
  }

  /** Watches these containers and no others. */
  watch(ids: ReadonlySet<string>): void {
    for (const [id, controller] of this.#open) if (!ids.has(id)) controller.abort();
    for (const id of ids) {
      if (this.#open.has(id)) continue;
      const controller = new AbortController();
      this.#open.set(id, controller);
      void this.#follow(id, controller);
    }
  }

  /** As it was told last; undefined when that is long ago. */
  latest(id: string): ContainerStats | undefined {
    const told = this.#latest.get(id);
    return told && this.#now() - told.at <= STALE ? told.stats : undefined;
  }

  close(): void {
    this.watch(new Set());
  }

  async #follow(id: string, controller: AbortController): Promise<void> {
    try {
      const stream = await this.#engine.stream(
        `/containers/${id}/stats`,
        { stream: true },
        controller.signal,
      );
      await eachLine(stream, (line) => {
        const stats = statsOf(id, object(parse(line)));
        if (stats) this.#latest.set(id, { stats, at: this.#now() });
      });
    } catch {
      // It ended, or the engine went away: whoever watches will ask for it again.
    } finally {
      this.#open.delete(id);
      this.#latest.delete(id);
    }
  }
}

/** One reply of GET /containers/{id}/stats, counted as the docker command counts it; undefined when it does not run. */
export function statsOf(id: string, reply: JsonObject): ContainerStats | undefined {
  const [now, before] = [object(reply['cpu_stats']), object(reply['precpu_stats'])];
  const total = (cpu: JsonObject): number => number(object(cpu['cpu_usage'])['total_usage']) ?? 0;
  const system = (number(now['system_cpu_usage']) ?? 0) - (number(before['system_cpu_usage']) ?? 0);
  const memory = object(reply['memory_stats']);
  const used = number(memory['usage']);
  if (used === null) return undefined;
  const cores =
    number(now['online_cpus']) ?? Math.max(1, array(object(now['cpu_usage'])['percpu_usage']).length);
  const detail = object(memory['stats']);
  const cache = number(detail['total_inactive_file']) ?? number(detail['inactive_file']) ?? 0;
  // The first reply has nothing to compare with.
  const cpu =
    number(before['system_cpu_usage']) === null || system <= 0 ? 0 : (total(now) - total(before)) / system;
  const networks = Object.values(object(reply['networks'])).map(object);
  return {
    id,
    cpuPercent: round2(Math.max(0, cpu * cores * 100)),
    memoryBytes: withoutCache(used, cache),
    memoryLimitBytes: number(memory['limit']) ?? 0,
    networkReceivedBytes: networks.length === 0 ? null : sum(networks, 'rx_bytes'),
    networkSentBytes: networks.length === 0 ? null : sum(networks, 'tx_bytes'),
    blockReadBytes: blockBytes(reply, 'read'),
    blockWrittenBytes: blockBytes(reply, 'write'),
    pids: number(object(reply['pids_stats'])['current']),
  };
}

function sum(entries: readonly JsonObject[], key: string): number {
  return entries.reduce((total, entry) => total + (number(entry[key]) ?? 0), 0);
}

function blockBytes(reply: JsonObject, kind: string): number {
  const entries = array(object(reply['blkio_stats'])['io_service_bytes_recursive']).map(object);
  return sum(
    entries.filter((entry) => text(entry['op']).toLowerCase() === kind),
    'value',
  );
}
