import { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import type { LogSourceState } from '../generated/graphql.ts';
import { keepLines, LogBuffer } from './buffer.ts';
import { LineSplitter, type LogLine } from './splitter.ts';

const Logs = graphql(`
  subscription Logs_Merged(
    $sources: [LogSourceInput!]!
    $tail: Int
    $since: DateTime
    $until: DateTime
    $follow: Boolean!
  ) {
    mergedLogs(sources: $sources, tail: $tail, since: $since, until: $until, follow: $follow) {
      segments {
        source
        stream
        text
        partial
      }
      sources {
        source
        state
        clockAheadMs
        error {
          code
          message
        }
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

/** How one of the logs is. */
export interface SourceStatus {
  readonly state: LogSourceState;
  /** Why it cannot be read. */
  readonly failure: Failure | null;
  /** How far the clock of its server is ahead of that of the control plane. Milliseconds. */
  readonly aheadMs: number;
}

/** How far back a log begins. */
const tailLines = 1000;

/** Lines gathered before they are shown without waiting for a frame. */
const gatherAtMost = 10_000;

const opening: SourceStatus = { state: 'OPENING', failure: null, aheadMs: 0 };

/** The logs of one or more containers, as one. Arrivals are gathered and shown once a frame. */
export class LogFeed {
  readonly sources: readonly LogSource[];
  /** Grows with each change of what is kept. */
  version = $state(0);
  failure = $state.raw<Failure | null>(null);
  statuses = $state.raw<readonly SourceStatus[]>([]);
  /** Nothing more comes: all was told of what has an end. */
  complete = $state(false);

  range = $state.raw<LogRange>({ since: null, until: null });

  readonly #buffer = new LogBuffer();
  /** Time of the last line of each, to go on from there. */
  readonly #last: string[];
  #stop: (() => void) | null = null;
  #arrived: LogLine[] = [];
  #frame = 0;
  #nextId = 0;

  constructor(sources: readonly LogSource[]) {
    this.sources = sources;
    this.#last = sources.map(() => '');
    this.statuses = sources.map(() => opening);
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
    this.#open();
    return () => {
      this.#stop?.();
      this.#stop = null;
      this.#flush();
    };
  }

  /** Shows another part of the time, from its begin. */
  show(range: LogRange): void {
    this.range = range;
    this.#last.fill('');
    this.#arrived = [];
    this.clear();
    this.#open();
  }

  clear(): void {
    this.#buffer.clear();
    this.version++;
  }

  #open(): void {
    this.#stop?.();
    this.complete = false;
    const splitters = this.sources.map((_, index) => new LineSplitter(index, () => this.#nextId++));
    const { since, until } = this.range;
    this.#stop = subscribe(
      Logs,
      {
        sources: this.sources.map(({ serverId, containerId }, index) => {
          const after = this.#last[index] ?? '';
          return { serverId, containerId, ...(after !== '' && { after }) };
        }),
        follow: until === null,
        since,
        until,
        tail: since !== null ? null : until === null ? tailLines : keepLines,
      },
      {
        next: ({ mergedLogs: { segments, sources } }) => {
          this.failure = null;
          if (sources.length > 0) this.#tell(sources);
          for (const segment of segments) {
            for (const line of splitters[segment.source]?.push(segment) ?? []) this.#take(line);
          }
          // A hidden tab draws no frames, and its log must not pile up either.
          if (this.#arrived.length > gatherAtMost) this.#flush();
          else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
        },
        failed: (failure) => (this.failure = failure),
        ended: () => (this.complete = true),
      },
    );
  }

  #take(line: LogLine): void {
    if (line.at > (this.#last[line.source] ?? '')) this.#last[line.source] = line.at;
    const aheadMs = this.statuses[line.source]?.aheadMs ?? 0;
    this.#arrived.push(aheadMs === 0 ? line : { ...line, order: corrected(line.at, aheadMs) });
  }

  #tell(
    reports: readonly {
      readonly source: number;
      readonly state: LogSourceState;
      readonly clockAheadMs: number;
      readonly error?: { readonly code: string; readonly message: string } | null;
    }[],
  ): void {
    const statuses = [...this.statuses];
    for (const { source, state, clockAheadMs: aheadMs, error } of reports) {
      statuses[source] = { state, aheadMs, failure: error ? new Failure(error.code, error.message) : null };
    }
    this.statuses = statuses;
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

/** A time of Docker's by the clock of the control plane, which lines of several servers are ordered by. */
function corrected(at: string, aheadMs: number): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  return new Date(ms - aheadMs).toISOString().slice(0, 23) + at.slice(23);
}
