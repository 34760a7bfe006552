import { createHash } from 'node:crypto';
import { contractVersion } from '@serverkit/wire/handshake.ts';

/** What every simulated host says of itself. */
export const facts = {
  hostname: 'bench',
  machineId: 'bench',
  osName: 'Debian GNU/Linux',
  osVersion: '12',
  kernel: '6.1',
  arch: 'x64',
  cpuModel: 'Simulated',
  cpuCount: 4,
  memoryBytes: 8 * 2 ** 30,
  diskBytes: 80 * 2 ** 30,
  agentVersion: '0.0.0-bench',
  contract: contractVersion,
  nodeVersion: process.version,
  addresses: ['192.0.2.1'],
  timezone: 'UTC',
  virtualization: null,
  bootedAt: 1_700_000_000_000,
  docker: {
    available: true,
    version: '20.10.24',
    apiVersion: '1.41',
    storageDriver: 'overlay2',
    error: null,
  },
  runsAs: 'serverkit-agent',
  supervisor: 'none',
};

/** A sample of the size a four-core host with two disks and a network card gives. */
export function sampleAt(epoch: string, seq: number): Record<string, unknown> {
  // Hosts are not in step with each other.
  const phase = Number.parseInt(epoch.slice(0, 4), 16) / 1000;
  const wave = 50 + 40 * Math.sin(seq / 10 + phase);
  const cpu = Math.round(wave * 100) / 100;
  return {
    epoch,
    seq,
    at: Date.now(),
    monotonicMs: Math.round(performance.now()),
    cpuPercent: cpu,
    cpuCores: [cpu, cpu, cpu, cpu],
    load1: 1.5,
    load5: 1.25,
    load15: 1,
    memoryTotalBytes: 8 * 2 ** 30,
    memoryUsedBytes: Math.round(wave * 2 ** 26),
    swapTotalBytes: 0,
    swapUsedBytes: 0,
    uptimeSeconds: 86_400 + seq * 10,
    mounts: ['/', '/var'].map((path, index) => ({
      path,
      device: `/dev/vd${index}`,
      fsType: 'ext4',
      totalBytes: 40 * 2 ** 30,
      usedBytes: 10 * 2 ** 30 + seq * 4096,
      availableBytes: 30 * 2 ** 30 - seq * 4096,
    })),
    disks: ['vda', 'vdb'].map((name) => ({ name, readBytesPerSecond: 4096, writeBytesPerSecond: 81_920.5 })),
    networks: [{ name: 'eth0', receivedBytesPerSecond: 12_345.67, sentBytesPerSecond: 7_654.32 }],
    temperatures: [],
    containersTotal: 12,
    containersRunning: 10,
    imagesTotal: 20,
  };
}

/** As many containers as that, each with an id and a name of its own, as a host with a few stacks has them. */
export function containersOf(host: string, count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => ({
    id: createHash('sha256').update(`${host} ${n}`).digest('hex'),
    name: `${host}-service-${n}`,
    image: `registry.example/team/service-${n % 20}:1.${n}`,
    imageId: `sha256:${'b'.repeat(64)}`,
    command: 'node server.js',
    state: 'RUNNING',
    status: 'Up 3 hours',
    createdAt: 1_700_000_000_000 + n * 1_000,
    startedAt: 1_700_000_001_000,
    labels: [
      { key: 'com.docker.compose.project', value: `stack-${n % 10}` },
      { key: 'com.docker.compose.service', value: `service-${n}` },
    ],
    ports: [{ address: '0.0.0.0', privatePort: 8080, publicPort: 10_000 + n, protocol: 'tcp' }],
    networks: [`stack-${n % 10}_default`],
    cpuPercent: (n % 50) / 10,
    memoryBytes: 64 * 2 ** 20,
    memoryLimitBytes: 8 * 2 ** 30,
  }));
}
