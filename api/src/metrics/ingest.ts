import type { Logger } from 'pino';
import type { AgentLink, Agents } from '../agents/link.ts';
import type { Database } from '../database/database.ts';
import { Cursors } from './cursors.ts';
import { Feed, type FeedPorts } from './feed.ts';
import type { Packed } from './newest.ts';
import { Slots } from './slots.ts';
import type { Superseded } from './store-samples.ts';
import { Writer } from './writer.ts';

/** Agents that may send what they kept back at the same time; an hour of samples is half a megabyte each. */
const catchingUpAtOnce = 64;

/** While the database takes nothing it is asked again after this long (ms), doubled up to the slowest. */
const firstProbeMs = 500;
const slowestProbeMs = 30_000;

export interface IngestOptions {
  readonly db: Pick<Database, 'pool'>;
  readonly log: Logger;
  /** The newest sample of a server, before it is stored. */
  readonly seen: (newest: Packed) => void;
  /**
   * What must hold before anything is written, asked before the first sample and whenever writing failed.
   * @throws when nothing should be written now
   */
  readonly ready: () => Promise<void>;
}

/** Takes in the samples of every linked agent while the database takes them, and none while it does not. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #feeds = new Map<number, Feed>();
  readonly #writer: Writer;
  readonly #ports: FeedPorts;
  #state: 'open' | 'paused' | 'closed' = 'paused';
  #probes = 0;
  #probe: NodeJS.Timeout | undefined;

  constructor(options: IngestOptions) {
    this.#options = options;
    const { db, log, seen } = options;
    const cursors = new Cursors(db.pool);
    const writer = (this.#writer = new Writer({
      pool: db.pool,
      log,
      onFailure: (error) => this.pause(error),
      onSuperseded: (links) => this.#superseded(links),
      onStored: () => {
        this.#probes = 0;
      },
    }));
    this.#ports = {
      readCursor: (server) => cursors.read(server),
      store: (row) => {
        if (writer.full) return false;
        writer.add(row);
        return true;
      },
      settled: () => writer.settled(),
      seen,
      catchingUp: new Slots(catchingUpAtOnce),
      databaseAway: (error) => this.pause(error),
      ended: (error) =>
        log.warn({ err: error, code: error.code }, 'the metrics of an agent ended; they are asked for again'),
    };
  }

  /** Whether samples are taken in now. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** Rows stored since the start. */
  get stored(): number {
    return this.#writer.stored;
  }

  /** Resolves when what has arrived so far is stored, or dropped to be sent again. */
  settled(): Promise<void> {
    return this.#writer.settled();
  }

  /** Follows every link from now on. */
  start(agents: Agents): void {
    agents.onUp((link) => this.#up(link));
    for (const link of agents.all()) this.#up(link);
    void this.#tryToOpen();
  }

  /** Ends all streams until the database takes samples again. Agents keep what they measure meanwhile. */
  pause(reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'paused';
    this.#options.log.error(
      { err: reason },
      'metrics cannot be stored now; agents keep theirs until they can',
    );
    for (const feed of this.#feeds.values()) feed.stop();
    this.#tryLater();
  }

  /** Ends all streams and waits for what is on its way to be stored. */
  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#probe);
    for (const feed of this.#feeds.values()) feed.stop();
    await this.#writer.settled();
  }

  #up(link: AgentLink): void {
    if (link.closed.aborted || !link.scopes.has('system:metrics:read')) return;
    this.#feeds.get(link.serverNumber)?.stop();
    const feed = new Feed(link, this.#ports);
    this.#feeds.set(link.serverNumber, feed);
    link.closed.addEventListener(
      'abort',
      () => {
        feed.stop();
        if (this.#feeds.get(link.serverNumber) === feed) this.#feeds.delete(link.serverNumber);
      },
      { once: true },
    );
    if (this.#state === 'open') feed.start();
  }

  /** They were replaced on another machine, and are about to be closed. */
  #superseded(links: readonly Superseded[]): void {
    for (const { serverNumber, linkEpoch } of links) {
      const feed = this.#feeds.get(serverNumber);
      if (feed?.link.epoch === linkEpoch) feed.stop();
    }
  }

  async #tryToOpen(): Promise<void> {
    try {
      await this.#options.ready();
    } catch (error) {
      this.#options.log.debug({ err: error }, 'metrics still cannot be stored');
      this.#tryLater();
      return;
    }
    if (this.#state !== 'paused') return;
    this.#state = 'open';
    for (const feed of this.#feeds.values()) feed.start();
  }

  #tryLater(): void {
    if (this.#state === 'closed') return;
    const wait = Math.min(slowestProbeMs, firstProbeMs * 2 ** this.#probes++);
    this.#probe = setTimeout(() => void this.#tryToOpen(), wait);
  }
}
