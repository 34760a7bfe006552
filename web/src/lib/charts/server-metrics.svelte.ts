import { toFailure, type Failure } from '#lib/api/failure.ts';
import { query, subscribe } from '#lib/api/operations.ts';
import { History, type Columns } from '#lib/charts/history.ts';
import { perFrame } from '#lib/frame.ts';
import { graphql } from '#lib/generated/gql.ts';
import type { ServerMetrics_LiveSubscription } from '#lib/generated/graphql.ts';

const Past = graphql(`
  query ServerMetrics_Past($id: ID!, $from: DateTime!, $to: DateTime!, $points: Int!) {
    server(id: $id) {
      metrics(from: $from, to: $to, points: $points) {
        stepSeconds
        points {
          at
          cpuPercent
          memoryUsedBytes
          memoryTotalBytes
          diskReadBytesPerSecond
          diskWriteBytesPerSecond
          networkReceivedBytesPerSecond
          networkSentBytesPerSecond
        }
      }
    }
  }
`);

const Live = graphql(`
  subscription ServerMetrics_Live($ids: [ID!]) {
    serverMetrics(serverIds: $ids) {
      serverId
      sample {
        at
        cpuPercent
        load1
        memoryUsedBytes
        memoryTotalBytes
        mounts {
          path
          usedBytes
          totalBytes
        }
        disks {
          readBytesPerSecond
          writeBytesPerSecond
        }
        networks {
          receivedBytesPerSecond
          sentBytesPerSecond
        }
      }
    }
  }
`);

export type Sample = ServerMetrics_LiveSubscription['serverMetrics']['sample'];

export const ranges = ['15m', '1h', '24h', '7d'] as const;
export type Range = (typeof ranges)[number];

const minute = 60_000;
export const rangeMs: Record<Range, number> = {
  '15m': 15 * minute,
  '1h': 60 * minute,
  '24h': 24 * 60 * minute,
  '7d': 7 * 24 * 60 * minute,
};

const pointsAsked = 360;

const sum = <Item>(items: readonly Item[], read: (item: Item) => number): number =>
  items.reduce((total, item) => total + read(item), 0);
const share = (part: number, whole: number): number => (whole > 0 ? (100 * part) / whole : 0);

interface Histories {
  readonly cpu: History;
  readonly memory: History;
  readonly disk: History;
  readonly network: History;
}

function histories(range: number, stepMs: number): Histories {
  const make = (lines: number) => new History({ rangeMs: range, stepMs, lines });
  return { cpu: make(1), memory: make(1), disk: make(2), network: make(2) };
}

/** The four charts of a server: the stored past, carried on by live samples. */
export class ServerMetrics {
  cpu = $state.raw<Columns>([[], []]);
  memory = $state.raw<Columns>([[], []]);
  disk = $state.raw<Columns>([[], [], []]);
  network = $state.raw<Columns>([[], [], []]);
  latest = $state.raw<Sample | null>(null);
  failure = $state.raw<Failure | null>(null);

  readonly #serverId: string;
  #histories: Histories | null = null;
  #run = 0;

  constructor(serverId: string) {
    this.#serverId = serverId;
  }

  async load(range: Range): Promise<void> {
    const run = ++this.#run;
    const to = Date.now();
    const from = to - rangeMs[range];
    try {
      const { data } = await query(Past, {
        id: this.#serverId,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        points: pointsAsked,
      });
      if (run !== this.#run || !data.server) return;
      const { stepSeconds, points } = data.server.metrics;
      const fresh = histories(rangeMs[range], stepSeconds * 1000);
      for (const point of points) {
        const at = Date.parse(point.at);
        fresh.cpu.append(at, [point.cpuPercent]);
        fresh.memory.append(at, [share(point.memoryUsedBytes, point.memoryTotalBytes)]);
        fresh.disk.append(at, [point.diskReadBytesPerSecond ?? null, point.diskWriteBytesPerSecond ?? null]);
        fresh.network.append(at, [
          point.networkReceivedBytesPerSecond ?? null,
          point.networkSentBytesPerSecond ?? null,
        ]);
      }
      this.#histories = fresh;
      if (this.latest) this.#append(this.latest);
      this.#draw();
      this.failure = null;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    }
  }

  /** Asks for a sample a second until the returned function is called. */
  watch(): () => void {
    const batch = perFrame<string, Sample>((samples) => {
      for (const sample of samples.values()) {
        this.latest = sample;
        this.#append(sample);
      }
      this.#draw();
    });
    const stop = subscribe(
      Live,
      { ids: [this.#serverId] },
      {
        next: ({ serverMetrics }) => batch.add(serverMetrics.sample.at, serverMetrics.sample),
      },
    );
    return () => {
      stop();
      batch.stop();
    };
  }

  #append(sample: Sample): void {
    const at = Date.parse(sample.at);
    this.#histories?.cpu.append(at, [sample.cpuPercent]);
    this.#histories?.memory.append(at, [share(sample.memoryUsedBytes, sample.memoryTotalBytes)]);
    this.#histories?.disk.append(at, [
      sum(sample.disks, ({ readBytesPerSecond }) => readBytesPerSecond),
      sum(sample.disks, ({ writeBytesPerSecond }) => writeBytesPerSecond),
    ]);
    this.#histories?.network.append(at, [
      sum(sample.networks, ({ receivedBytesPerSecond }) => receivedBytesPerSecond),
      sum(sample.networks, ({ sentBytesPerSecond }) => sentBytesPerSecond),
    ]);
  }

  #draw(): void {
    if (!this.#histories) return;
    this.cpu = this.#histories.cpu.columns();
    this.memory = this.#histories.memory.columns();
    this.disk = this.#histories.disk.columns();
    this.network = this.#histories.network.columns();
  }
}
