import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { managedHost } from '../e2e/faults/host.ts';
import { addServer, untilStatus } from '../e2e/install/plane.ts';
import { controlPlane } from '../testing/control-plane.ts';
import { container, docker } from '../testing/docker.ts';
import type { Bench, Measurement } from './measurement.ts';

const megabytes = 1_000;
const lineBytes = 1_000;
/** The time of each line, which stands before it. Bytes. */
const stampBytes = '2026-11-23T10:00:00.000000001Z '.length;

/** By itself this driver keeps the last 100 MB. */
const wholeLog = ['--log-driver', 'local', '--log-opt', `max-size=${2 * megabytes}m`];

/** A reader who stands still after this much, for this long: whatever is not held back by then is held in memory. Bytes, ms. */
const standing = { after: 1_000_000, ms: 5_000 } as const;

const allow = /* GraphQL */ `
  mutation Bench_Download($input: StartLogDownloadInput!) {
    startLogDownload(input: $input) {
      url
    }
  }
`;

/** A long log saved as a file: from the real engine through the real agent and the control plane to one reader. */
export const logDownload: Bench = {
  name: 'log-download',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000 });
    const client = await plane.signIn();
    await using host = await managedHost({ docker: '/var/run/docker.sock' });
    const { serverId, token } = await addServer(client, 'bench');
    await host.register(plane.url, token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
    const count = (megabytes * 1e6) / lineBytes;
    const command = ['sh', '-c', `yes ${'x'.repeat(lineBytes - 1)} | head -n ${count}`];
    await using box = await container({ command, options: wholeLog });
    await docker('wait', box.id);
    const alone = await engineAlone(box.id);

    const results: Measurement[] = [];
    for (const still of [false, true]) {
      const { startLogDownload } = await client.query<{ startLogDownload: { url: string } }>(allow, {
        input: { sources: [{ serverId, containerId: box.id }] },
      });
      const watched = { 'the control plane': plane.process.pid, 'the agent': host.agent.pid };
      const before = Object.entries(watched).map(([name, pid]) => ({ name, pid, bytes: fromNow(pid) }));
      const began = performance.now();
      const bytes = await save(`${plane.url}${startLogDownload.url}`, still);
      const seconds = (performance.now() - began) / 1000;
      if (bytes !== count * (lineBytes + stampBytes)) throw new Error(`${bytes} bytes were saved`);
      if (!still)
        results.push({
          what: `log of ${megabytes} MB saved as a file`,
          value: megabytes / seconds,
          unit: 'MB/s',
          baseline: `docker logs --timestamps to nowhere ${(megabytes / alone).toFixed(0)} MB/s`,
        });
      for (const one of before)
        results.push({
          what: `growth of ${one.name} while a log of ${megabytes} MB is saved${still ? ` by a reader who stands still for ${standing.ms / 1000} s` : ''}`,
          value: (peakOf(one.pid) - one.bytes) / 1e6,
          unit: 'MB',
          atMost: 64,
          baseline: `the log ${megabytes} MB`,
        });
    }
    return results;
  },
};

/** Reads all of it. @returns how much there was, in bytes */
async function save(url: string, still: boolean): Promise<number> {
  const { body, status } = await fetch(url, { headers: { 'sec-fetch-site': 'same-origin' } });
  if (!body || status !== 200)
    throw new Error(`the file was answered with ${status}: ${body ? await new Response(body).text() : ''}`);
  let bytes = 0;
  let stood = !still;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (stood || bytes < standing.after) continue;
    stood = true;
    await delay(standing.ms);
  }
  return bytes;
}

/** Seconds that the engine's own client takes. */
async function engineAlone(id: string): Promise<number> {
  const began = performance.now();
  const client = spawn('docker', ['logs', '--timestamps', id], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(client, 'exit');
  return (performance.now() - began) / 1000;
}

/** Has the kernel forget the peak of a process (man proc_pid_clear_refs). @returns what it has resident, in bytes */
function fromNow(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return kibOf(pid, 'VmRSS') * 1024;
}

const peakOf = (pid: number): number => kibOf(pid, 'VmHWM') * 1024;

function kibOf(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
}
