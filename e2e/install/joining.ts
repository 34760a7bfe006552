import { setTimeout as delay } from 'node:timers/promises';
import type { StoredSample } from '../../api/src/metrics/sample.ts';
import { eventually } from '../../testing/events.ts';
import { agentStatus } from './agent.ts';
import type { Machine } from './machine.ts';
import { statusOf, storedSamples, untilStatus, type ReachablePlane } from './plane.ts';

/** Runs a line in a root shell of the machine and answers what it printed. */
export async function paste(
  machine: Machine,
  line: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  await using shell = machine.paste(line);
  const { code } = await shell.exit;
  return { code, output: shell.output() };
}

/** What a silent minute did to a server. */
interface Silence {
  /** What the dashboard showed at its end. */
  readonly status: string | undefined;
  /** Every sample that the agent itself keeps, of its present run. */
  readonly ring: readonly StoredSample[];
  /** The same samples as the database has them. */
  readonly stored: readonly StoredSample[];
}

/**
 * Silently drops every packet for a minute, waits until the server is back by itself and the database has all samples that
 * the agent took meanwhile.
 */
export async function silentMinute(
  machine: Machine,
  { plane, client }: ReachablePlane,
  serverId: string,
): Promise<Silence> {
  const restore = await machine.dropPackets();
  let status: string | undefined;
  try {
    // The fault itself, not a wait for something: the link has to be silent for a whole minute.
    const minute = delay(60_000);
    await untilStatus(client, serverId, 'OFFLINE', 55_000);
    await minute;
    status = await statusOf(client, serverId);
  } finally {
    await restore();
  }
  await untilStatus(client, serverId, 'ONLINE', 60_000);

  const kept = (await agentStatus(machine)).ring;
  const last = kept.at(-1);
  const ring = kept.filter(({ epoch }) => epoch === last?.epoch);
  const stored = await eventually(
    async () => {
      const rows = await storedSamples(plane, serverId);
      return rows.some(({ epoch, seq }) => epoch === last?.epoch && seq >= last.seq) ? rows : undefined;
    },
    'the samples of the silent minute',
    { every: 200 },
  );
  return {
    status,
    ring,
    stored: stored.filter(({ epoch, seq }) => epoch === last?.epoch && seq <= last.seq),
  };
}
