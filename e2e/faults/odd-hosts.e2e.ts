import { cp, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNetwork } from '../link/tcp-proxy.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container, docker } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { tempDir } from '../../testing/tmp.ts';
import { addServer, storedSamples, untilStatus } from '../install/plane.ts';
import { followLog, stopContainer } from './fleet.ts';
import { managedHost, type Host, type HostOptions } from './host.ts';

const hourMs = 60 * 60 * 1000;

/** Loaded before the agent: its wall clock is off, and nothing else. */
const wrongClock = (aheadMs: number) => `
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(Real.now() + ${aheadMs}) : super(...given); }
    static now() { return Real.now() + ${aheadMs}; }
  };
`;

interface Shown {
  readonly status: string;
  readonly clockSkewMs: number | null;
  readonly lastError: string | null;
  readonly problems: readonly { readonly code: string }[];
  readonly latestMetrics: { readonly at: string } | null;
}

describeWith(['root', 'docker'], 'real agents in odd circumstances', () => {
  const undo = new AsyncDisposableStack();
  let plane: ControlPlane;
  let client: TestClient;
  beforeAll(async () => {
    plane = undo.use(await controlPlane());
    client = await plane.signIn();
  });
  afterAll(() => undo.disposeAsync());

  async function join(
    name: string,
    { url = plane.url, ...options }: HostOptions & { readonly url?: string } = {},
  ): Promise<{ readonly host: Host; readonly serverId: string }> {
    const host = undo.use(await managedHost(options));
    const { serverId, token } = await addServer(client, name);
    await host.register(url, token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
    return { host, serverId };
  }

  const show = async (id: string): Promise<Shown> => {
    const { server } = await client.query<{ server: Shown }>(
      /* GraphQL */ `
        query Show($id: ID!) {
          server(id: $id) {
            status
            clockSkewMs
            lastError
            problems {
              code
            }
            latestMetrics {
              at
            }
          }
        }
      `,
      { id },
    );
    return server;
  };

  // Beside each other: what takes its time is that agents measure every ten seconds.
  test.concurrent.each([3, -3])(
    'a clock %i h off: it joins, works, is told about, and its history is where ours is',
    async (hours) => {
      await using dir = await tempDir();
      await writeFile(dir.file('clock.mjs'), wrongClock(hours * hourMs));
      await using box = await container();
      const { host, serverId } = await join(`clock ${hours}`, {
        docker: '/var/run/docker.sock',
        env: { NODE_OPTIONS: `--import ${dir.file('clock.mjs')}` },
      });
      const stored = await eventually(
        async () => {
          const rows = await storedSamples(plane, serverId);
          return rows.length > 1 && rows;
        },
        'two samples',
        { limit: 40_000, every: 250 },
      );
      // What the agent said is kept as it was; where it is found is our time.
      for (const { at } of stored) expect(Math.abs(at - Date.now() - hours * hourMs)).toBeLessThan(60_000);
      const shown = await show(serverId);
      expect(shown.status).toBe('ONLINE');
      expect(Math.abs((shown.clockSkewMs ?? 0) - hours * hourMs)).toBeLessThan(30_000);
      // The engine and the disks are the machine's: others may bring problems of theirs.
      expect(shown.problems).toContainEqual({ code: 'CLOCK_SKEW' });
      expect(Math.abs(Date.parse(shown.latestMetrics?.at ?? '') - Date.now())).toBeLessThan(60_000);
      expect((await stopContainer(client, serverId, box.id, 0)).code).toBeUndefined();
      expect(await box.state()).toBe('exited');
      expect((await host.ring()).slice(0, stored.length)).toEqual(stored);
    },
  );

  test('a copy of an agent, key and all: it is refused, the first goes on, and people are told', async () => {
    const { host, serverId } = await join('original');
    const copy = undo.use(await managedHost());
    await cp(host.stateDir, copy.stateDir, {
      recursive: true,
      // Nor what is about to get its name, and may have it by the time it is copied.
      filter: (path) => !/(control\.sock|agent\.pid|\.next)$/.test(path),
    });
    await cp(host.keyFile, copy.keyFile);
    await copy.configure(plane.url);
    await copy.start();
    await eventually(
      async () => (await show(serverId)).lastError?.includes('A second agent with this agent'),
      'the copy to be noticed',
      { every: 100 },
    );
    expect((await show(serverId)).status).toBe('ONLINE');
    // The original still is the one that is asked.
    await client.query('mutation ($input: PingServerInput!) { pingServer(input: $input) { roundTripMs } }', {
      input: { serverId },
    });
    expect(await host.isOnline()).toBe(true);
    expect(await copy.isOnline()).toBe(false);
  });

  test('a line of 20 Mbit/s and 100 ms there and back: a flood of log holds up neither commands nor metrics', async () => {
    await using network = await openNetwork(plane.url, { bytesPerSecond: 20_000_000 / 8, delayMs: 50 });
    // Written beforehand: what is measured is the line, not two processes that write as fast as they can.
    const flood = 'yes "a line of a log that is long" | head -c 80000000; echo; echo written';
    await using box = await container({
      command: ['sh', '-c', `${flood}; trap "exit 0" TERM; sleep infinity & wait`],
    });
    await eventually(
      async () => (await docker('logs', '--tail', '1', box.id)).includes('written'),
      'the log to be written',
      { limit: 60_000, every: 500 },
    );
    const { serverId } = await join('far away', { url: network.url, docker: '/var/run/docker.sock' });
    await using log = followLog(client, serverId, box.id);
    const reading = log.until(/never to come/);
    reading.catch(() => undefined);
    await eventually(() => log.text().length > 2_000_000, 'the flood', { limit: 30_000 });

    const inTheFlood = async (): Promise<{ readonly median: number; readonly rate: number }> => {
      const began = { bytes: log.text().length, at: performance.now() };
      const waits: number[] = [];
      while (waits.length < 20) {
        const { pingServer } = await client.query<{ pingServer: { roundTripMs: number } }>(
          'mutation ($input: PingServerInput!) { pingServer(input: $input) { roundTripMs } }',
          { input: { serverId } },
        );
        waits.push(pingServer.roundTripMs);
      }
      const rate = ((log.text().length - began.bytes) / (performance.now() - began.at)) * 1000;
      return { median: waits.toSorted((a, b) => a - b)[10] ?? 0, rate };
    };
    const answered = async () => {
      const { median, rate } = await inTheFlood();
      expect(median).toBeGreaterThanOrEqual(100);
      // A window that is full takes as long as it is large: 256 KB at 2.5 MB/s.
      expect(median).toBeLessThan(350);
      expect(rate).toBeGreaterThan(500_000);
      return true;
    };
    // What holds up the whole machine for a moment is none of the line's doing: it is looked at again.
    await eventually(answered, 'commands to be answered in the flood, which goes on', { limit: 75_000 });
    expect((await stopContainer(client, serverId, box.id, 5)).code).toBeUndefined();
    expect(await box.state()).toBe('exited');
  });
});
