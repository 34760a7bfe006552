import type { AgentLink, AgentStream } from '../agents/link.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { Row } from './columns.ts';
import type { Cursor } from './cursors.ts';
import { packDetail, shapeOf, type Shape } from './detail.ts';
import { checkBatch } from './limits.ts';
import { Samples } from './operations.ts';
import { RateAllowance } from './rate-allowance.ts';
import type { Packed } from './newest.ts';
import type { SampleBatch, StoredSample } from './sample.ts';
import type { Slots } from './slots.ts';
import { place, type ClockReading } from './wall-clock.ts';

/** A stream that ends is opened again after this long (ms), doubled each time it ends without having brought anything. */
const firstRetryMs = 1_000;
const slowestRetryMs = 5 * 60_000;

/** An agent that says nothing for this long (ms) has nothing to catch up: what it kept it sends at once. */
const catchUpSilenceMs = 300;

/** A sample this young (ms) was not kept back: two intervals. */
const youngMs = 20_000;

export interface FeedPorts {
  readonly readCursor: (serverNumber: number) => Promise<Cursor>;
  /** @returns false when no more rows are taken now */
  readonly store: (row: Row) => boolean;
  /** Resolves when everything given to `store` is stored or dropped. */
  readonly settled: () => Promise<void>;
  /** The newest sample of a batch, before it is stored. */
  readonly seen: (newest: Packed) => void;
  /** Only so many agents catch up at once. */
  readonly catchingUp: Slots;
  /** The database could not be asked. */
  readonly databaseAway: (error: unknown) => void;
  readonly ended: (error: ServerKitError) => void;
}

/**
 * Brings the samples of one link to the database: reads the cursor, subscribes from there, and starts over whenever the
 * stream ends while the link lives. It acknowledges nothing by itself: what was not stored is sent again.
 */
export class Feed {
  readonly link: AgentLink;
  readonly #ports: FeedPorts;
  readonly #skewMs: number;
  readonly #allowance = new RateAllowance();
  #running: AbortController | undefined;
  #stream: AgentStream | undefined;
  #retry: NodeJS.Timeout | undefined;
  #fruitless = 0;
  #shape: Shape | undefined;
  #epoch = '';
  #seq = -1;

  constructor(link: AgentLink, ports: FeedPorts) {
    this.link = link;
    this.#ports = ports;
    this.#skewMs = link.hello.wallMs - Date.now();
  }

  start(): void {
    if (this.#running || this.link.closed.aborted) return;
    clearTimeout(this.#retry);
    const running = (this.#running = new AbortController());
    void this.#open(running);
  }

  /** Ends the stream; what it brought and is not stored will be brought again. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#running?.abort();
    this.#running = undefined;
    this.#stream?.stop();
    this.#stream = undefined;
  }

  async #open(running: AbortController): Promise<void> {
    const { signal } = running;
    const { link } = this;
    const ports = this.#ports;
    let cursor: Cursor;
    try {
      // A stream before this one may have left rows on their way.
      await ports.settled();
      cursor = await ports.readCursor(link.serverNumber);
    } catch (error) {
      if (!signal.aborted) ports.databaseAway(error);
      return;
    }
    const catchUp = cursor.stale ? await this.#catchUp(signal) : undefined;
    if (signal.aborted || link.closed.aborted) {
      catchUp?.done();
      return;
    }
    this.#epoch = cursor.after?.epoch ?? '';
    this.#seq = cursor.after?.seq ?? -1;
    try {
      const stream = this.#subscribe(cursor, signal, catchUp);
      if (signal.aborted) stream.stop();
      else this.#stream = stream;
    } catch (error) {
      this.#again(isServerKitError(error) ? error : unexpected(error));
    }
  }

  /** @throws ServerKitError when the agent is too old for it */
  #subscribe(cursor: Cursor, signal: AbortSignal, catchUp: CatchUp | undefined): AgentStream {
    return this.link.subscribe(
      Samples,
      { after: cursor.after },
      { actor: 'system', scopes: ['system:metrics:read'] },
      {
        next: ({ samples }) => {
          if (signal.aborted) return;
          try {
            this.#take(samples, catchUp);
          } catch (error) {
            this.#again(isServerKitError(error) ? error : unexpected(error));
          }
        },
        end: (error) => {
          if (!signal.aborted) this.#again(error);
        },
      },
    );
  }

  async #catchUp(signal: AbortSignal): Promise<CatchUp | undefined> {
    try {
      return new CatchUp(await this.#ports.catchingUp.take(signal), signal);
    } catch {
      return undefined;
    }
  }

  #take(batch: SampleBatch, catchUp: CatchUp | undefined): void {
    const samples = checkBatch(batch);
    if (!this.#allowance.spend(samples.length)) {
      throw new ServerKitError('AGENT_PROTOCOL_ERROR', 'The agent sends far more metrics than it measures.');
    }
    const clock: ClockReading = {
      receivedAt: Date.now(),
      epoch: batch.epoch,
      monotonicMs: batch.monotonicMs,
      skewMs: this.#skewMs,
    };
    let newest: Packed | undefined;
    for (const sample of samples) {
      if (sample.epoch === this.#epoch && sample.seq <= this.#seq) continue;
      const packed = this.#store(sample, clock);
      if (!packed) {
        // No room. Whatever is not taken now is asked for again.
        this.#again();
        break;
      }
      newest = packed;
    }
    if (newest) {
      this.#fruitless = 0;
      this.#ports.seen(newest);
    }
    if (!catchUp) return;
    const last = samples.at(-1);
    const caughtUp = !last || (last.epoch === batch.epoch && batch.monotonicMs - last.monotonicMs < youngMs);
    if (caughtUp) void this.#ports.settled().then(() => catchUp.done());
    else catchUp.heard();
  }

  #store(sample: StoredSample, clock: ClockReading): Packed | undefined {
    const { serverId, serverNumber, epoch: linkEpoch } = this.link;
    const placement = place(sample, clock);
    const shape = (this.#shape = shapeOf(sample, this.#shape));
    const detail = packDetail(sample);
    if (!this.#ports.store({ serverNumber, linkEpoch, sample, placement, shape, detail })) return undefined;
    this.#epoch = sample.epoch;
    this.#seq = sample.seq;
    return { measured: { serverId, at: placement.at, sample }, shape, detail };
  }

  /** Opens a new stream later. */
  #again(error?: ServerKitError): void {
    this.stop();
    if (this.link.closed.aborted) return;
    if (error) this.#ports.ended(error);
    const wait = Math.min(slowestRetryMs, firstRetryMs * 2 ** this.#fruitless++);
    this.#retry = setTimeout(() => this.start(), wait * (0.5 + Math.random() / 2));
  }
}

function unexpected(cause: unknown): ServerKitError {
  return new ServerKitError('INTERNAL', 'The metrics of an agent could not be taken in.', { cause });
}

/** Holds a slot until the agent has caught up, falls silent, or its stream ends. */
class CatchUp {
  readonly #release: () => void;
  readonly #silence: NodeJS.Timeout;

  constructor(release: () => void, signal: AbortSignal) {
    this.#release = release;
    this.#silence = setTimeout(() => this.done(), catchUpSilenceMs);
    signal.addEventListener('abort', () => this.done(), { once: true });
  }

  heard(): void {
    this.#silence.refresh();
  }

  done(): void {
    clearTimeout(this.#silence);
    this.#release();
  }
}
