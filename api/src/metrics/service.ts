import type { Logger } from 'pino';
import type { Agents } from '../agents/link.ts';
import type { Database } from '../database/database.ts';
import { diskSpace } from '../database/disk-space.ts';
import { inputInvalid } from '../errors.ts';
import type { Topics } from '../live/topics.ts';
import { Fleet } from './fleet.ts';
import { Ingest } from './ingest.ts';
import { readLatest } from './latest.ts';
import { Live } from './live.ts';
import { Newest } from './newest.ts';
import { createPartitions } from './partitions.ts';
import type { Measured, ServerNumbers } from './sample.ts';
import { readSeries, type Series, type Stretch } from './series.ts';
import { readSparklines, type Sparkline } from './sparklines.ts';
import { storedSamples } from './topics.ts';
import { Upkeep } from './upkeep.ts';

export type { Measured, Sample, ServerNumbers } from './sample.ts';
export type { Point, Series, Stretch } from './series.ts';
export type { Sparkline } from './sparklines.ts';
export { fleetNumbers, liveSamples, storedSamples, type FleetBatch } from './topics.ts';

/** A server as the metrics know it: a row of the datamodel fits. */
export interface ServerRef {
  readonly id: string;
  readonly number: number;
}

export interface MetricsNeeds {
  readonly db: Pick<Database, 'pool' | 'directory'>;
  readonly log: Logger;
  readonly topics: Topics;
  readonly agents: Agents;
  /** Free bytes below which nothing is stored. @default that of the database */
  readonly diskFloorBytes?: number;
}

/** The free space of the disk is looked at this often (ms). */
const diskCheckMs = 10_000;

const mostPoints = 2_000;

/** What machines measure: taken in, kept, rolled up and told. */
export class Metrics {
  readonly #needs: MetricsNeeds;
  readonly #newest = new Newest();
  readonly #ingest: Ingest;
  readonly #upkeep: Upkeep;
  #diskCheck: NodeJS.Timeout | undefined;

  constructor(needs: MetricsNeeds) {
    this.#needs = needs;
    const { db, log, topics, agents } = needs;
    const newest = this.#newest;
    const fleet = new Fleet(topics, newest);
    const live = new Live({
      agents,
      topics,
      log,
      seen: (packed) => {
        if (newest.note(packed)) fleet.changed(packed.measured.serverId);
      },
    });
    this.#ingest = new Ingest({
      db,
      log,
      ready: () => this.#ready(),
      seen: (packed) => {
        if (!newest.note(packed)) return;
        const { measured } = packed;
        fleet.changed(measured.serverId);
        topics.publish(storedSamples, measured);
        live.fallBackOn(measured);
      },
    });
    this.#upkeep = new Upkeep(db.pool, log);
  }

  /** Whether samples are stored now: not while the database is away, or its disk nearly full. */
  get storing(): boolean {
    return this.#ingest.open;
  }

  /** Samples stored since the start. */
  get stored(): number {
    return this.#ingest.stored;
  }

  /** Resolves when what has arrived so far is stored, or dropped to be sent again. */
  settled(): Promise<void> {
    return this.#ingest.settled();
  }

  /** Reads what is known of every server, and takes in samples of every link from now on. */
  async start(): Promise<void> {
    const { db, agents, log } = this.#needs;
    await createPartitions(db.pool, Date.now());
    await this.#newest.load(db.pool);
    this.#ingest.start(agents);
    this.#upkeep.start();
    this.#diskCheck = setInterval(() => {
      this.#checkDisk().catch((error: unknown) => {
        if (this.storing) log.error({ err: error }, 'nothing is stored any more');
        this.#ingest.pause(error);
      });
    }, diskCheckMs);
  }

  /** Ends the streams of all agents; resolves when what had arrived is stored. */
  async stop(): Promise<void> {
    clearInterval(this.#diskCheck);
    await this.#ingest.close();
    await this.#upkeep.stop();
  }

  /** The newest sample of each of the servers, by id; from memory, or the database for those not heard of. */
  async latest(servers: readonly ServerRef[]): Promise<Map<string, Measured>> {
    const found = new Map<string, Measured>();
    const missing: ServerRef[] = [];
    for (const server of servers) {
      const sample = this.#newest.sample(server.id);
      if (sample) found.set(server.id, sample);
      // What has no numbers has no samples either.
      else if (this.#newest.numbers(server.id)) missing.push(server);
    }
    if (missing.length === 0) return found;
    const ids = new Map(missing.map(({ id, number }) => [number, id]));
    for (const { serverNumber, at, sample } of await readLatest(this.#needs.db.pool, [...ids.keys()])) {
      const serverId = ids.get(serverNumber);
      if (serverId !== undefined) found.set(serverId, { serverId, at, sample });
    }
    return found;
  }

  /** The newest sample of a server that was heard of since the start. */
  sample(serverId: string): Measured | undefined {
    return this.#newest.sample(serverId);
  }

  /** The newest numbers of a server, from memory; undefined when it never said any, or long ago. */
  numbers(serverId: string): ServerNumbers | undefined {
    return this.#newest.numbers(serverId);
  }

  /** The newest numbers of all servers, from memory. */
  allNumbers(): readonly ServerNumbers[] {
    return this.#newest.all();
  }

  /** @throws ServerKitError INPUT_INVALID */
  series({ number }: ServerRef, stretch: Stretch): Promise<Series> {
    if (!(stretch.from < stretch.to)) throw inputInvalid('from', 'must be before "to"');
    if (stretch.points < 2 || stretch.points > mostPoints) {
      throw inputInvalid('points', `must be between 2 and ${mostPoints}`);
    }
    return readSeries(this.#needs.db.pool, number, stretch, Date.now());
  }

  /** The last fifteen minutes of each of the servers, by id, in one query. */
  async sparklines(servers: readonly ServerRef[]): Promise<Map<string, Sparkline>> {
    const numbers = servers.map(({ number }) => number);
    const lines = await readSparklines(this.#needs.db.pool, numbers, Date.now());
    return new Map(
      servers.flatMap(({ id, number }) => {
        const line = lines.get(number);
        return line ? [[id, line] as const] : [];
      }),
    );
  }

  /** Drops what memory holds of a deleted server; its rows go with the next upkeep. */
  forget(serverId: string): void {
    this.#newest.forget(serverId);
  }

  async #ready(): Promise<void> {
    await this.#checkDisk();
    // Also proves that the database answers and takes writes.
    await createPartitions(this.#needs.db.pool, Date.now());
  }

  /** @throws when the disk of the database is nearly full */
  async #checkDisk(): Promise<void> {
    const { db, diskFloorBytes } = this.#needs;
    if (db.directory === undefined) return;
    const { low, freeBytes } = await diskSpace(db.directory, diskFloorBytes);
    if (low)
      throw new Error(`the disk of the database has only ${Math.floor(freeBytes / 1_048_576)} MB left`);
  }
}
