import { randomBytes } from 'node:crypto';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { AgentHello } from '@serverkit/wire/handshake.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
import type { AgentLink, Agents, AgentStream, StreamSink } from '../agents/link.ts';
import type { Database } from '../database/database.ts';
import { openReleaseDatabase, testDataDirectory, type TestDataDirectory } from '../database/testing.ts';
import { ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import { Columns } from './columns.ts';
import { packDetail, shapeOf } from './detail.ts';
import { createPartitions } from './partitions.ts';
import type { Sample, SampleBatch, StoredSample } from './sample.ts';
import { storeSamples, type StoredResult } from './store-samples.ts';
import type { Placement } from './wall-clock.ts';

export interface TestMetricsDatabase extends AsyncDisposable {
  readonly db: Database;
  readonly data: TestDataDirectory;
}

/** A real database of this release, with partitions for now. */
export async function metricsDatabase(): Promise<TestMetricsDatabase> {
  const data = await testDataDirectory();
  const db = await openReleaseDatabase(data);
  await createPartitions(db.pool, Date.now());
  return {
    db,
    data,
    async [Symbol.asyncDispose]() {
      await db.close();
      await data[Symbol.asyncDispose]();
    },
  };
}

export interface TestServer {
  readonly id: string;
  readonly number: number;
}

/** A server whose first link was accepted. */
export async function addServer(
  db: Database,
  name = `server-${randomBytes(4).toString('hex')}`,
): Promise<TestServer> {
  const { id, number } = await db.prisma.server.create({
    data: {
      id: newId('server'),
      name,
      permissionProfile: 'docker_manager',
      connection: 'online',
      linkEpoch: 1,
    },
  });
  return { id, number };
}

/** Numbers that look like a machine's and differ from sample to sample; whatever is given stands. */
export function sample(seed: number, given: Partial<Sample> = {}): Sample {
  const noise = (n: number) => Math.abs(Math.sin(seed * 12.9898 + n * 78.233) * 43_758.5453) % 1;
  const percent = (n: number) => Math.round(noise(n) * 10_000) / 100;
  const rate = (n: number) => Math.round(noise(n) * 1e9) / 100;
  return {
    at: Date.now(),
    monotonicMs: 0,
    cpuPercent: percent(1),
    cpuCores: [percent(2), percent(3), percent(4), percent(5)],
    load1: rate(6) / 1e6,
    load5: 0.42,
    load15: 1,
    memoryTotalBytes: 16_595_435_520,
    memoryUsedBytes: Math.floor(noise(7) * 16_595_435_520),
    swapTotalBytes: 2_147_479_552,
    swapUsedBytes: Math.floor(noise(8) * 2_147_479_552),
    uptimeSeconds: 1_000_000 + seed,
    mounts: [
      {
        path: '/',
        device: '/dev/nvme0n1p2',
        fsType: 'ext4',
        totalBytes: 502_392_610_816,
        usedBytes: 211_392_610_816 + seed,
        availableBytes: 265_400_000_512 - seed,
      },
      {
        path: '/boot/efi',
        device: '/dev/nvme0n1p1',
        fsType: 'vfat',
        totalBytes: 1_124_999_168,
        usedBytes: 6_369_280,
        availableBytes: 1_118_629_888,
      },
    ],
    disks: [
      { name: 'nvme0n1', readBytesPerSecond: rate(9), writeBytesPerSecond: rate(10) },
      { name: 'sda', readBytesPerSecond: 0, writeBytesPerSecond: rate(11) },
    ],
    networks: [{ name: 'eth0', receivedBytesPerSecond: rate(12), sentBytesPerSecond: rate(13) }],
    temperatures: [
      { label: 'coretemp Package id 0', celsius: Math.round(noise(14) * 1_000) / 10 },
      { label: 'nvme Composite', celsius: -1.85 },
    ],
    containersTotal: 12,
    containersRunning: Math.floor(noise(15) * 12),
    imagesTotal: 30,
    ...given,
  };
}

export const intervalMs = 10_000;

/** An agent's clock and ring, as the agent keeps them: what a test compares the database with. */
export class TestRing {
  readonly samples: StoredSample[] = [];
  epoch = randomBytes(8).toString('hex');
  seq = 0;
  /** Agent's wall clock less ours, ms. */
  skewMs = 0;
  /** Our clock when the agent's process started: its monotonic clock counts from there. */
  startedAt: number;

  constructor(startedAt = Date.now() - 24 * 60 * 60 * 1000) {
    this.startedAt = startedAt;
  }

  /** Measures, at a moment of our clock. */
  measure(at = Date.now(), given: Partial<Sample> = {}): StoredSample {
    const stored = {
      ...sample(this.seq, given),
      at: at + this.skewMs,
      monotonicMs: at - this.startedAt,
      epoch: this.epoch,
      seq: this.seq++,
    };
    this.samples.push(stored);
    return stored;
  }

  /** A sample every 10 s, the last one at `until`. */
  measureFor(durationMs: number, until = Date.now()): StoredSample[] {
    const count = Math.floor(durationMs / intervalMs);
    return Array.from({ length: count }, (_, index) =>
      this.measure(until - (count - 1 - index) * intervalMs),
    );
  }

  /** A new epoch, with the ring kept. */
  restart(at = Date.now()): void {
    this.epoch = randomBytes(8).toString('hex');
    this.seq = 0;
    this.startedAt = at;
  }

  after(cursor: { epoch: string; seq: number } | null | undefined): StoredSample[] {
    const found = this.samples.findIndex(({ epoch, seq }) => epoch === cursor?.epoch && seq === cursor.seq);
    return this.samples.slice(found + 1);
  }

  batch(samples: readonly StoredSample[]): SampleBatch {
    const now = Date.now();
    return {
      epoch: this.epoch,
      monotonicMs: now - this.startedAt,
      samples: samples.map((one) => ({ ...one })),
    };
  }
}

interface Subscription {
  readonly document: string;
  /** Takes JSON, as it comes over the link. */
  readonly sink: { next(text: string): void; end(error?: ServerKitError): void };
}

/** The end of a link that the control plane holds, with an agent behind it that a test moves by hand. */
export class TestLink implements AgentLink {
  readonly serverId: string;
  readonly serverNumber: number;
  readonly epoch: number;
  readonly ring: TestRing;
  readonly scopes: ReadonlySet<Scope> = new Set<Scope>(['system:metrics:read', 'docker:containers:read']);
  readonly hello: AgentHello;
  readonly agentKey = new Uint8Array(32);
  readonly #closed = new AbortController();
  readonly #streams = new Map<string, Subscription>();
  #ids = 0;

  constructor(server: TestServer, ring: TestRing, epoch = 1) {
    this.serverId = server.id;
    this.serverNumber = server.number;
    this.epoch = epoch;
    this.ring = ring;
    this.hello = {
      v: 1,
      version: '0.1.0',
      contract: '1.0',
      facts: {},
      capabilities: [],
      localScopes: ['*'],
      scopeMode: 'local',
      machineId: 'test',
      wallMs: Date.now() + ring.skewMs,
    };
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  ensure(): void {}

  /** Operations that run now. */
  get running(): string[] {
    return [...this.#streams.values()].map(({ document }) => document);
  }

  run(): Promise<never> {
    return Promise.reject(new ServerKitError('UNSUPPORTED_BY_AGENT', 'the test agent runs nothing'));
  }

  subscribe<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    _call: unknown,
    sink: StreamSink<Result>,
  ): AgentStream {
    const id = String(this.#ids++);
    const operation = document.definitions.find((node) => node.kind === 'OperationDefinition');
    const name = operation?.name?.value ?? '';
    this.#streams.set(id, {
      document: name,
      sink: {
        // What a test sends through here is what the document asks for.
        next: (text) => sink.next(JSON.parse(text)),
        end: (error) => sink.end(error),
      },
    });
    if (name === 'Samples') {
      const { after }: { after?: { epoch: string; seq: number } | null } = JSON.parse(
        JSON.stringify(variables),
      );
      const kept = this.ring.after(after);
      queueMicrotask(() => {
        for (let at = 0; at < kept.length; at += 120) this.send(kept.slice(at, at + 120));
      });
    }
    return { id, grant: () => {}, stop: () => void this.#streams.delete(id) };
  }

  /** Measures and sends what was measured. */
  measure(at = Date.now(), given: Partial<Sample> = {}): StoredSample {
    const measured = this.ring.measure(at, given);
    this.send([measured]);
    return measured;
  }

  send(samples: readonly StoredSample[]): void {
    this.emit('Samples', { samples: this.ring.batch(samples) });
  }

  emit(document: string, data: unknown): void {
    this.deliver(document, JSON.stringify(data));
  }

  deliver(document: string, text: string): void {
    for (const stream of this.#streams.values()) if (stream.document === document) stream.sink.next(text);
  }

  /** The agent ends its streams of a kind. */
  end(document: string, error?: ServerKitError): void {
    for (const [id, stream] of this.#streams) {
      if (stream.document !== document) continue;
      this.#streams.delete(id);
      stream.sink.end(error);
    }
  }

  close(): void {
    if (this.closed.aborted) return;
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    this.#closed.abort();
    for (const { sink } of streams) sink.end(new ServerKitError('AGENT_OFFLINE', 'the link was closed'));
  }
}

/** Links come and go as the test says. */
export class TestAgents implements Agents {
  readonly #links = new Map<string, AgentLink>();
  readonly #listeners = new Set<(link: AgentLink) => void>();

  up(link: TestLink): TestLink {
    this.#links.set(link.serverId, link);
    link.closed.addEventListener('abort', () => {
      if (this.#links.get(link.serverId) === link) this.#links.delete(link.serverId);
    });
    for (const listener of this.#listeners) listener(link);
    return link;
  }

  get(serverId: string): AgentLink | undefined {
    return this.#links.get(serverId);
  }

  require(serverId: string): AgentLink {
    const link = this.get(serverId);
    if (!link) throw new ServerKitError('AGENT_OFFLINE', 'offline');
    return link;
  }

  all(): Iterable<AgentLink> {
    return this.#links.values();
  }

  onUp(listener: (link: AgentLink) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export interface StoreOptions {
  /** @default 1 */
  readonly linkEpoch?: number;
  /** @default where the agent says */
  readonly placement?: (sample: StoredSample) => Placement;
}

/** Stores samples as the ingest does, in one transaction. */
export function storeAll(
  { pool }: Database,
  { number: serverNumber }: TestServer,
  samples: readonly StoredSample[],
  { linkEpoch = 1, placement = ({ at }) => ({ at, absurd: false }) }: StoreOptions = {},
): Promise<StoredResult> {
  const columns = new Columns();
  const shapes = samples.map((one) => {
    const shape = shapeOf(one);
    const placed = placement(one);
    const detail = packDetail(one);
    columns.add({ serverNumber, linkEpoch, sample: one, placement: placed, shape, detail });
    return { serverNumber, hash: shape.hash, body: shape.body, at: placed.at - (placed.at % 86_400_000) };
  });
  return storeSamples(pool, columns, shapes);
}
