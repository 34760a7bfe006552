import { setTimeout as delay } from 'node:timers/promises';
import { connectToDatabase } from '../api/src/database/testing.ts';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { eventually } from '../testing/events.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { sampleAt } from './fleet-data.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';
import { cpuMs, memoryOf } from './process-usage.ts';
import { rawReceive } from './raw-receive.ts';

/** Agents that are linked at once; each stage adds to the one before. */
const stages = [1_000, 5_000, 10_000];
/** After the last link of a stage, so that what a first link costs is over; then watched for so long. Milliseconds. */
const settleMs = 15_000;
const watchMs = 60_000;

interface Delivery {
  readonly serverMetrics: { readonly sample: { readonly at: string } };
}

interface Watched {
  readonly agents: number;
  readonly memoryEach: number;
  readonly lost: number;
  readonly lag: number;
  readonly cpuPerSample: number;
  readonly cpuShare: number;
}

/**
 * Agents with real registrations and handshakes that send a sample every 10 s, the real control plane with its real
 * database, and one viewer of all of it.
 */
export const fleetLoad: Bench = {
  name: 'fleet-load',
  async measure() {
    const frame = JSON.stringify({ id: '0', type: 'next', payload: { data: { samples: sampleAt('0', 0) } } });
    const raw = await rawReceive(frame, 20_000);
    await using plane = await controlPlane({ limit: 120_000 });
    await using fleets = new AsyncDisposableStack();
    const client = await plane.signIn();
    const { pid } = plane.process;
    const bare = memoryOf(pid).rss;
    const all: Fleet[] = [];
    const watched: Watched[] = [];
    for (const agents of stages) {
      const first = watched.at(-1)?.agents ?? 0;
      all.push(fleets.use(await startFleet(client, plane.url, agents - first, { first, limit: 900_000 })));
      await delay(settleMs);
      watched.push(await watch(plane, client, all, agents, bare));
    }
    return watched.flatMap((stage) => measurements(stage, raw));
  },
};

async function watch(
  plane: ControlPlane,
  client: TestClient,
  fleets: readonly Fleet[],
  agents: number,
  bare: number,
): Promise<Watched> {
  const { pid } = plane.process;
  const lags: number[] = [];
  await using viewer = client.subscribe<Delivery>('subscription { serverMetrics { sample { at } } }');
  const listening = new AbortController();
  const heard = (async () => {
    while (!listening.signal.aborted) {
      const { serverMetrics } = await viewer.next();
      lags.push(Date.now() - Date.parse(serverMetrics.sample.at));
    }
  })();
  const began = { at: performance.now(), cpu: cpuMs(pid).own };
  await delay(watchMs);
  const cpu = cpuMs(pid).own - began.cpu;
  const seconds = (performance.now() - began.at) / 1000;
  const received = lags.length;
  listening.abort();
  await heard;
  const memoryEach = (memoryOf(pid).rss - bare) / agents / 1000;
  return {
    agents,
    memoryEach,
    lost: await lost(plane.dataDir, fleets),
    lag: quantile(lags, 0.99),
    cpuPerSample: (cpu / received) * 1000,
    cpuShare: cpu / seconds / 10,
  };
}

/** Samples that were sent and are still not in the database a while later. */
async function lost(dataDir: string, fleets: readonly Fleet[]): Promise<number> {
  let sent = 0;
  for (const fleet of fleets) sent += await fleet.sent();
  const pool = connectToDatabase(dataDir);
  let stored = 0;
  try {
    await eventually(async () => {
      const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM metrics.samples');
      stored = Number(rows[0]?.count);
      return stored >= sent;
    }, 'every sample to be stored').catch(() => undefined);
  } finally {
    await pool.end();
  }
  return Math.max(0, sent - stored);
}

function measurements({ agents, ...stage }: Watched, raw: number): Measurement[] {
  const who = `${agents} agents`;
  const last = agents === stages.at(-1);
  return [
    { what: `${who}: API memory for each`, value: stage.memoryEach, unit: 'KB', ...(last && { atMost: 60 }) },
    { what: `${who}: samples lost`, value: stage.lost, unit: '', atMost: 0 },
    { what: `${who}: agent to viewer, p99`, value: stage.lag, unit: 'ms', atMost: 250 },
    {
      what: `${who}: API CPU per sample received, stored and sent to a viewer`,
      value: stage.cpuPerSample,
      unit: 'µs',
    },
    {
      what: `${who}: the same against receiving and parsing alone`,
      value: stage.cpuPerSample / raw,
      unit: '×',
      ...(last && { atMost: 3 }),
      baseline: `raw ws + JSON.parse ${raw.toFixed(1)} µs`,
    },
    { what: `${who}: API CPU`, value: stage.cpuShare, unit: '% of a core' },
  ];
}
