import type pg from 'pg';
import { numbersOf, percentOf, type Measured, type ServerNumbers } from './sample.ts';

interface NumbersRow {
  readonly id: string;
  readonly at: Date;
  readonly cpu: number;
  readonly memory_used: number;
  readonly memory_total: number;
  readonly disk_percent: number | null;
  readonly containers_running: number | null;
  readonly containers_total: number | null;
}

const statement = `
SELECT server.id, newest.* FROM "Server" AS server, LATERAL (
  SELECT at, cpu, memory_used::float8 AS memory_used, memory_total::float8 AS memory_total, disk_percent,
    containers_running, containers_total
  FROM metrics.samples WHERE server_number = server.number ORDER BY at DESC LIMIT 1
) AS newest`;

/** The newest that is known of every server, in memory: read at each start, then kept up by what arrives. */
export class Newest {
  readonly #samples = new Map<string, Measured>();
  readonly #numbers = new Map<string, ServerNumbers>();

  /** Numbers of servers that have not said anything since the start. */
  async load(pool: pg.Pool): Promise<void> {
    const { rows } = await pool.query<NumbersRow>(statement);
    for (const row of rows) {
      if (this.#numbers.has(row.id)) continue;
      this.#numbers.set(row.id, {
        serverId: row.id,
        at: row.at.getTime(),
        cpuPercent: row.cpu,
        memoryPercent: percentOf(row.memory_used, row.memory_total),
        diskPercent: row.disk_percent,
        containersRunning: row.containers_running,
        containersTotal: row.containers_total,
      });
    }
  }

  /** @returns whether it is newer than what was known */
  note(measured: Measured): boolean {
    const known = this.#numbers.get(measured.serverId);
    if (known && known.at > measured.at) return false;
    this.#samples.set(measured.serverId, measured);
    this.#numbers.set(measured.serverId, numbersOf(measured));
    return true;
  }

  sample(serverId: string): Measured | undefined {
    return this.#samples.get(serverId);
  }

  numbers(serverId: string): ServerNumbers | undefined {
    return this.#numbers.get(serverId);
  }

  all(): Iterable<ServerNumbers> {
    return this.#numbers.values();
  }

  forget(serverId: string): void {
    this.#samples.delete(serverId);
    this.#numbers.delete(serverId);
  }
}
