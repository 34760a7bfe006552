import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { container, docker } from '../testing/docker.ts';
import { eventually } from '../testing/events.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import type { Bench, Measurement } from './measurement.ts';
import { watch } from './viewer.ts';

const megabytes = 200;

/** By itself this driver keeps the last 100 MB. */
const wholeLog = ['--log-driver', 'local', '--log-opt', `max-size=${2 * megabytes}m`];

/** What the engine itself reads fast, and what it is busy with for each line: bytes of a line, line feed included. */
const logs = [
  { name: 'lines of 1,000 bytes', bytes: 1_000, options: wholeLog, atLeast: 50 },
  { name: 'lines of 100 bytes', bytes: 100, options: [] },
] as const;

const follow = /* GraphQL */ `
  subscription Bench_Logs($serverId: ID!, $containerId: ID!) {
    containerLogs(serverId: $serverId, containerId: $containerId, follow: false) {
      segments {
        stream
        text
      }
    }
  }
`;

interface Batch {
  readonly containerLogs: { readonly segments: readonly { readonly text: string }[] };
}

/** A long log of one container, from the real engine through the real agent and the control plane to one viewer. */
export const logStream: Bench = {
  name: 'log-stream',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000, env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    const client = await plane.signIn();
    const serverId = await eventually(() => onlineServer(client), 'the local agent', { limit: 30_000 });
    const results: Measurement[] = [];
    for (const { name, bytes, options, ...limit } of logs) {
      const line = 'x'.repeat(bytes - 1);
      const count = (megabytes * 1e6) / bytes;
      await using box = await container({ command: ['sh', '-c', `yes ${line} | head -n ${count}`], options });
      await docker('wait', box.id);
      const alone = await engineAlone(box.id);
      const before = memory(plane.process.pid).now;
      const seconds = await read(plane, client, { serverId, containerId: box.id });
      const growth = (memory(plane.process.pid).peak - before) / 1e6;
      results.push(
        {
          what: `log of one container to one viewer, ${name}`,
          value: megabytes / seconds,
          unit: 'MB/s',
          ...limit,
          baseline: `docker logs to nowhere ${(megabytes / alone).toFixed(0)} MB/s`,
        },
        {
          what: `growth of the control plane meanwhile, ${megabytes} MB in ${name}`,
          value: growth,
          unit: 'MB',
          atMost: 64,
        },
      );
    }
    return results;
  },
};

export async function onlineServer(client: TestClient): Promise<string | undefined> {
  const { servers } = await client.query<{ servers: { nodes: { id: string }[] } }>(
    '{ servers(filter: { statuses: [ONLINE] }) { nodes { id } } }',
  );
  return servers.nodes[0]?.id;
}

/** Seconds until every line was there. */
async function read(plane: ControlPlane, client: TestClient, variables: Record<string, unknown>) {
  const began = performance.now();
  let bytes = 0;
  await watch<Batch>(plane, client, { query: follow, variables }, ({ containerLogs }) => {
    for (const { text } of containerLogs.segments) bytes += text.length;
  });
  if (bytes !== megabytes * 1e6) throw new Error(`${bytes} bytes of ${megabytes} MB arrived`);
  return (performance.now() - began) / 1000;
}

/** Seconds that the engine's own client takes. */
async function engineAlone(id: string): Promise<number> {
  const began = performance.now();
  const client = spawn('docker', ['logs', id], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(client, 'exit');
  return (performance.now() - began) / 1000;
}

/** Bytes resident, and the most that ever were. */
function memory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { now: kib('VmRSS') * 1024, peak: kib('VmHWM') * 1024 };
}
