import type { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import { keepLines, LogBuffer } from './buffer.ts';
import { LineSplitter, type LogLine } from './splitter.ts';

const Logs = graphql(`
  subscription Logs_Container(
    $serverId: ID!
    $containerId: ID!
    $tail: Int
    $since: DateTime
    $until: DateTime
    $follow: Boolean!
  ) {
    containerLogs(
      serverId: $serverId
      containerId: $containerId
      tail: $tail
      since: $since
      until: $until
      follow: $follow
      timestamps: true
    ) {
      segments {
        stream
        text
        partial
      }
    }
  }
`);

export interface LogSource {
  readonly serverId: string;
  readonly containerId: string;
  readonly name: string;
}

/** A part of the time that logs cover, RFC 3339 each; null is open. What has an end is not followed. */
export interface LogRange {
  readonly since: string | null;
  readonly until: string | null;
}

export type FeedState = 'opening' | 'following' | 'ended' | 'failed';

/** How far back a log begins. */
const tailLines = 1000;

/** Lines gathered before they are shown without waiting for a frame. */
const gatherAtMost = 10_000;

interface Channel {
  splitter: LineSplitter;
  /** Time of the last line, to go on from there. */
  last: string;
  stop: (() => void) | null;
  state: FeedState;
}

/** The logs of one or more containers, as one. Arrivals are gathered and shown once a frame. */
export class LogFeed {
  readonly sources: readonly LogSource[];
  /** Grows with each change of what is kept. */
  version = $state(0);
  failure = $state.raw<Failure | null>(null);
  states = $state.raw<readonly FeedState[]>([]);

  range = $state.raw<LogRange>({ since: null, until: null });

  readonly #buffer = new LogBuffer();
  readonly #channels: Channel[];
  #arrived: LogLine[] = [];
  #frame = 0;
  #nextId = 0;

  constructor(sources: readonly LogSource[]) {
    this.sources = sources;
    this.#channels = sources.map((_, index) => ({
      splitter: this.#splitter(index),
      last: '',
      stop: null,
      state: 'opening',
    }));
    this.#tellStates();
  }

  get lines(): readonly LogLine[] {
    void this.version;
    return this.#buffer.lines;
  }

  get dropped(): number {
    void this.version;
    return this.#buffer.dropped;
  }

  /** Follows all logs until the returned function is called. Called again, it goes on where it stopped. */
  start(): () => void {
    for (const index of this.#channels.keys()) this.#open(index);
    return () => {
      for (const channel of this.#channels) {
        channel.stop?.();
        channel.stop = null;
      }
      this.#flush();
    };
  }

  /** Goes on with logs that ended, after their container was started again. */
  resume(): void {
    for (const [index, { state }] of this.#channels.entries()) if (state === 'ended') this.#open(index);
  }

  /** Shows another part of the time, from its begin. */
  show(range: LogRange): void {
    this.range = range;
    for (const channel of this.#channels) {
      channel.stop?.();
      channel.last = '';
    }
    this.#arrived = [];
    this.clear();
    for (const index of this.#channels.keys()) this.#open(index);
  }

  clear(): void {
    this.#buffer.clear();
    this.version++;
  }

  #splitter(source: number): LineSplitter {
    return new LineSplitter(source, () => this.#nextId++);
  }

  #open(index: number): void {
    const channel = this.#channels[index];
    const source = this.sources[index];
    if (!channel || !source) return;
    channel.stop?.();
    channel.splitter = this.#splitter(index);
    const from = channel.last;
    this.#become(channel, 'opening');
    channel.stop = subscribe(
      Logs,
      {
        serverId: source.serverId,
        containerId: source.containerId,
        follow: this.range.until === null,
        ...(this.range.until !== null && { until: this.range.until }),
        ...this.#begin(from),
      },
      {
        next: ({ containerLogs }) => {
          this.#become(channel, 'following');
          for (const segment of containerLogs.segments) {
            for (const line of channel.splitter.push(segment)) {
              // Going on from a time brings its own lines again.
              if (line.at !== '' && line.at <= from) continue;
              if (line.at !== '') channel.last = line.at;
              this.#arrived.push(line);
            }
          }
          // A hidden tab draws no frames, and its log must not pile up either.
          if (this.#arrived.length > gatherAtMost) this.#flush();
          else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
        },
        failed: (failure) => {
          this.failure = failure;
          this.#become(channel, 'failed');
        },
        ended: () => this.#become(channel, 'ended'),
      },
    );
  }

  /** Where to begin: after what is there, at the begin of what was asked for, or some lines before the end. */
  #begin(from: string): { since: string } | { tail: number } {
    if (from !== '') return { since: from };
    const { since, until } = this.range;
    if (since !== null) return { since };
    return { tail: until === null ? tailLines : keepLines };
  }

  #become(channel: Channel, state: FeedState): void {
    if (channel.state === state) return;
    channel.state = state;
    if (state === 'following') this.failure = null;
    this.#tellStates();
  }

  #tellStates(): void {
    this.states = this.#channels.map(({ state }) => state);
  }

  #flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#arrived.length === 0) return;
    const arrived = this.#arrived;
    this.#arrived = [];
    this.#buffer.add(arrived, { merge: this.sources.length > 1 });
    this.version++;
  }
}
