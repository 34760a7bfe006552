import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { testApi, type TestApi } from '../api/src/graphql/testing.ts';
import { storedSamples } from '../api/src/metrics/topics.ts';
import type { Measured } from '../api/src/metrics/sample.ts';
import { within } from '../testing/events.ts';
import type { Bench, Measurement } from './measurement.ts';

const subscribers = 1_000;
const warmUp = 20;
const rounds = 100;

/** What the readers' process is told. Without a query it only listens. */
export interface ReadersOrder {
  readonly url: string;
  readonly count: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly proof?: string;
  /** `$n` becomes the reader's number. */
  readonly query?: string;
}

const selection = /* GraphQL */ `
  subscription {
    serverMetrics {
      serverId
      sample {
        at
        cpuPercent
        cpuCores
        memoryUsedBytes
        memoryTotalBytes
        load1
        mounts {
          path
          usedBytes
          totalBytes
        }
        disks {
          name
          readBytesPerSecond
          writeBytesPerSecond
        }
        networks {
          name
          receivedBytesPerSecond
          sentBytesPerSecond
        }
        containersRunning
        containersTotal
      }
    }
  }
`;

/** One sample to a thousand viewers of one server: CPU time of the control plane for each delivery. */
export const fanOut: Bench = {
  name: 'fan-out',
  async measure() {
    const raw = await rawBroadcast();
    await using api = await testApi();
    await comparePayloads(api);
    const shared = await throughTheApi(api, selection);
    // A comment of one's own makes a document of one's own, which nobody shares.
    const apart = await throughTheApi(api, `# $n\n${selection}`);
    const baseline = `raw ws broadcast ${raw.toFixed(1)} µs for each delivery`;
    const result: Measurement[] = [
      { what: `fan-out to ${subscribers}: CPU for each delivery`, value: shared, unit: 'µs', baseline },
      {
        what: `fan-out to ${subscribers} against a raw broadcast`,
        value: shared / raw,
        unit: '×',
        atMost: 1.3,
        baseline,
      },
      { what: 'executing for each subscriber against sharing', value: apart / shared, unit: '×', atLeast: 4 },
    ];
    return result;
  },
};

/** The official client gets the same of a shared execution as of one of its own. */
async function comparePayloads(api: TestApi): Promise<void> {
  const { client } = await api.join('viewer');
  const queries = [selection, selection, `# alone\n${selection}`];
  const viewers = queries.map((query) => client.subscribe<{ serverMetrics: unknown }>(query));
  const same = sample();
  const publishing = setInterval(() => api.services.topics.publish(storedSamples, same), 100);
  const events = await Promise.all(viewers.map((viewer) => viewer.next())).finally(() =>
    clearInterval(publishing),
  );
  for (const viewer of viewers) await viewer[Symbol.asyncDispose]();
  const texts = new Set(events.map((event) => JSON.stringify(event)));
  if (texts.size !== 1) throw new Error(`shared and own executions differ: ${[...texts].join('\n')}`);
}

let serial = 0;
function sample(): Measured {
  serial += 1;
  return {
    serverId: 'srv_bench',
    at: Date.now(),
    sample: {
      at: Date.now(),
      monotonicMs: serial,
      cpuPercent: (serial * 7) % 100,
      cpuCores: [12.5, 80.25],
      load1: 1.25,
      load5: 1.5,
      load15: 1.75,
      memoryUsedBytes: 3_141_592_653 + serial,
      memoryTotalBytes: 8_589_934_592,
      swapUsedBytes: 0,
      swapTotalBytes: 0,
      uptimeSeconds: serial,
      mounts: [
        {
          path: '/',
          device: '/dev/vda1',
          fsType: 'ext4',
          usedBytes: 1e10,
          totalBytes: 4e10,
          availableBytes: 3e10,
        },
      ],
      disks: [{ name: 'vda', readBytesPerSecond: 1024.5, writeBytesPerSecond: 4096.25 }],
      networks: [{ name: 'eth0', receivedBytesPerSecond: 12_345.6, sentBytesPerSecond: 6_543.2 }],
      temperatures: [],
      containersRunning: 7,
      containersTotal: 9,
      imagesTotal: 12,
    },
  };
}

async function throughTheApi(api: TestApi, query: string): Promise<number> {
  const { client } = await api.join('viewer');
  const { cookie = '', proof = '' } = client.session;
  await using readers = await startReaders({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    count: subscribers,
    headers: { origin: api.url, cookie },
    proof,
    query,
  });
  const cpu = await readers.cpuPerDelivery(() => api.services.topics.publish(storedSamples, sample()));
  return cpu;
}

/** The least anyone could do: the same bytes handed to a thousand sockets. */
async function rawBroadcast(): Promise<number> {
  const http = createServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await using readers = await startReaders({
    url: `ws://127.0.0.1:${port}`,
    count: subscribers,
    headers: {},
  });
  const { serverId, sample: body } = sample();
  const cpu = await readers.cpuPerDelivery(() => {
    const data = { serverMetrics: { serverId, sample: body } };
    const text = JSON.stringify({ id: 'reader-000', type: 'next', payload: { data } });
    for (const ws of wss.clients) if (ws.readyState === WebSocket.OPEN) ws.send(text);
  });
  for (const ws of wss.clients) ws.terminate();
  http.close();
  return cpu;
}

interface Readers extends AsyncDisposable {
  /** Microseconds of this process for each event and reader, kernel time included. */
  cpuPerDelivery(publish: () => void): Promise<number>;
}

async function startReaders(order: ReadersOrder): Promise<Readers> {
  const child = fork(new URL('fan-out-readers.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(order);
  await within(once(child, 'message'), `${order.count} readers to connect`, 60_000);
  const round = async (publish: () => void): Promise<void> => {
    const all = once(child, 'message');
    publish();
    await within(all, 'an event to reach every reader', 30_000);
  };
  return {
    async cpuPerDelivery(publish) {
      const primed = once(child, 'message');
      // Until every reader has seen one: a subscription takes a moment to stand.
      const priming = setInterval(publish, 100);
      await within(primed, 'every reader to have seen an event', 30_000).finally(() =>
        clearInterval(priming),
      );
      await within(once(child, 'message'), 'what was on its way to arrive', 30_000);
      for (let n = 0; n < warmUp; n++) await round(publish);
      const before = process.cpuUsage();
      for (let n = 0; n < rounds; n++) await round(publish);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / (rounds * order.count);
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
