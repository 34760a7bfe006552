import { quiet } from '../api/src/database/testing.ts';
import { Topics } from '../api/src/live/topics.ts';
import { Metrics } from '../api/src/metrics/service.ts';
import {
  addServer,
  metricsDatabase,
  TestAgents,
  TestLink,
  TestRing,
  type TestServer,
} from '../api/src/metrics/testing.ts';
import { eventually } from '../testing/events.ts';
import type { Bench, Measurement } from './measurement.ts';
import { rawReceive } from './raw-receive.ts';

const servers = 500;
const rounds = 100;

/**
 * Samples from the moment the link hands them over (parsed) until they are in the database: how many a second, and how
 * much of this process's CPU each takes. Against receiving the same bytes from a raw WebSocket and parsing them.
 */
export const metricsIngest: Bench = {
  name: 'metrics-ingest',
  async measure() {
    await using database = await metricsDatabase();
    const agents = new TestAgents();
    const metrics = new Metrics({ db: database.db, log: quiet, topics: new Topics(), agents: agents });
    await metrics.start();
    const links: TestLink[] = [];
    for (let n = 0; n < servers; n++) {
      const server: TestServer = await addServer(database.db, `bench-${n}`);
      links.push(agents.up(new TestLink(server, new TestRing())));
    }
    await eventually(() => links.every(({ running }) => running.length > 0), 'the subscriptions');
    await ingest(links, metrics, 20);
    const { seconds, cpu, parsing, sample } = await ingest(links, metrics, rounds);
    await metrics.stop();
    const samples = servers * rounds;
    if (metrics.stored < samples) throw new Error('not every sample was stored');
    const raw = await rawReceive(sample, 20_000);
    const perSample = ((cpu - parsing) / samples) * 1e6;
    const results: Measurement[] = [
      { what: 'samples stored a second, one process', value: samples / seconds, unit: '/s', atLeast: 1_000 },
      {
        what: 'API CPU per sample from link to database, without parsing',
        value: perSample,
        unit: 'µs',
        baseline: `raw ws + JSON.parse ${raw.toFixed(1)} µs, of which parsing ${((parsing / samples) * 1e6).toFixed(1)}`,
      },
    ];
    return results;
  },
};

interface Ingested {
  /** From the first sample handed over to the last stored; making samples is left out. */
  readonly seconds: number;
  /** Of this process, in seconds; and how much of it is parsing. */
  readonly cpu: number;
  readonly parsing: number;
  /** One of the samples, as the agent sends it. */
  readonly sample: string;
}

/** Hands over a sample of every server, and the next ones when those are stored. */
async function ingest(links: readonly TestLink[], metrics: Metrics, count: number): Promise<Ingested> {
  let [milliseconds, cpu, parsing, sample] = [0, 0, 0, ''];
  for (let round = 0; round < count; round++) {
    const texts = links.map((link) => {
      const text = JSON.stringify({ samples: link.ring.batch([link.ring.measure()]) });
      link.ring.samples.length = 0;
      return text;
    });
    sample = JSON.stringify({ id: '0', type: 'next', payload: { data: JSON.parse(texts[0] ?? '') } });
    parsing += cpuOf(() => {
      for (const text of texts) JSON.parse(text);
    });
    const began = performance.now();
    const before = process.cpuUsage();
    for (const [index, link] of links.entries()) link.deliver('Samples', texts[index] ?? '');
    await metrics.settled();
    cpu += since(before);
    milliseconds += performance.now() - began;
  }
  return { seconds: milliseconds / 1000, cpu, parsing, sample };
}

function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return since(before);
}

/** Seconds of CPU. */
function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
