import type pg from 'pg';
import { unpackDetail, type Shape } from './detail.ts';
import { diskPercentOf, percentOf, type Measured, type Sample, type ServerNumbers } from './sample.ts';

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

/** A sample with its lists packed, as it goes into the database. */
export interface Packed {
  readonly measured: Measured;
  readonly shape: Shape;
  readonly detail: Buffer;
}

/**
 * The newest that is known of every server, in memory: read at each start, then kept up by what arrives. A sample is
 * kept as numbers in a place of its own that the next one overwrites; ten thousand servers' parsed samples would be
 * 40 MB of small objects, which the collector copies every ten seconds.
 */
export class Newest {
  readonly #slots = new Map<string, Slot>();
  readonly #numbers = new Map<string, ServerNumbers>();

  /** Numbers of servers that have not said anything since the start. */
  async load(pool: pg.Pool): Promise<void> {
    const { rows } = await pool.query<NumbersRow>(statement);
    for (const row of rows) {
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
  note(packed: Packed): boolean {
    const { serverId, at } = packed.measured;
    let slot = this.#slots.get(serverId);
    if ((slot?.at ?? this.#numbers.get(serverId)?.at ?? -Infinity) > at) return false;
    if (!slot) {
      this.#slots.set(serverId, (slot = new Slot(serverId)));
      this.#numbers.delete(serverId);
    }
    slot.take(packed);
    return true;
  }

  /** Of a server heard of since the start. */
  sample(serverId: string): Measured | undefined {
    return this.#slots.get(serverId)?.measured();
  }

  numbers(serverId: string): ServerNumbers | undefined {
    return this.#slots.get(serverId)?.numbers() ?? this.#numbers.get(serverId);
  }

  all(): ServerNumbers[] {
    return [...[...this.#slots.values()].map((slot) => slot.numbers()), ...this.#numbers.values()];
  }

  forget(serverId: string): void {
    this.#slots.delete(serverId);
    this.#numbers.delete(serverId);
  }
}

/** Gauges of a sample, in the order they are kept; null is kept as NaN. */
const gauges = [
  'at',
  'monotonicMs',
  'cpuPercent',
  'load1',
  'load5',
  'load15',
  'memoryTotalBytes',
  'memoryUsedBytes',
  'swapTotalBytes',
  'swapUsedBytes',
  'uptimeSeconds',
  'containersTotal',
  'containersRunning',
  'imagesTotal',
] as const satisfies readonly (keyof Sample)[];

class Slot {
  readonly #serverId: string;
  readonly #gauges = new Float64Array(gauges.length);
  #at = -Infinity;
  #diskPercent: number | null = null;
  #body = '';
  #detail = Buffer.alloc(0);
  #length = 0;

  constructor(serverId: string) {
    this.#serverId = serverId;
  }

  get at(): number {
    return this.#at;
  }

  take({ measured: { at, sample }, shape, detail }: Packed): void {
    this.#at = at;
    for (let index = 0; index < gauges.length; index++) {
      const gauge = gauges[index];
      this.#gauges[index] = (gauge && sample[gauge]) ?? Number.NaN;
    }
    this.#diskPercent = diskPercentOf(sample);
    this.#body = shape.body;
    if (detail.length > this.#detail.length) this.#detail = Buffer.allocUnsafeSlow(detail.length);
    this.#length = detail.copy(this.#detail);
  }

  numbers(): ServerNumbers {
    return {
      serverId: this.#serverId,
      at: this.#at,
      cpuPercent: this.#gauge('cpuPercent'),
      memoryPercent: percentOf(this.#gauge('memoryUsedBytes'), this.#gauge('memoryTotalBytes')),
      diskPercent: this.#diskPercent,
      containersRunning: this.#count('containersRunning'),
      containersTotal: this.#count('containersTotal'),
    };
  }

  measured(): Measured {
    return {
      serverId: this.#serverId,
      at: this.#at,
      sample: {
        at: this.#gauge('at'),
        monotonicMs: this.#gauge('monotonicMs'),
        cpuPercent: this.#gauge('cpuPercent'),
        load1: this.#gauge('load1'),
        load5: this.#gauge('load5'),
        load15: this.#gauge('load15'),
        memoryTotalBytes: this.#gauge('memoryTotalBytes'),
        memoryUsedBytes: this.#gauge('memoryUsedBytes'),
        swapTotalBytes: this.#gauge('swapTotalBytes'),
        swapUsedBytes: this.#gauge('swapUsedBytes'),
        uptimeSeconds: this.#gauge('uptimeSeconds'),
        containersTotal: this.#count('containersTotal'),
        containersRunning: this.#count('containersRunning'),
        imagesTotal: this.#count('imagesTotal'),
        ...unpackDetail(this.#body, this.#detail.subarray(0, this.#length)),
      },
    };
  }

  #gauge(name: (typeof gauges)[number]): number {
    return this.#gauges[gauges.indexOf(name)] ?? Number.NaN;
  }

  #count(name: 'containersTotal' | 'containersRunning' | 'imagesTotal'): number | null {
    const value = this.#gauge(name);
    return Number.isNaN(value) ? null : value;
  }
}
