import { once } from 'node:events';
import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../testing/events.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { tempDir } from '../testing/tmp.ts';

/** Many simulated agents in a process of their own. */
export interface Fleet extends AsyncDisposable {
  readonly serverIds: readonly string[];
  /** Samples handed to the links so far. */
  sent(): Promise<number>;
}

/** What the fleet's process is told first; it answers `online` once every agent is linked. */
export interface FleetOrder {
  readonly url: string;
  readonly tokens: readonly string[];
  /** Milliseconds between samples; 0 = none. */
  readonly sampleEveryMs: number;
  /** On each. */
  readonly containers: number;
  /** Milliseconds between two changes of an agent's containers; 0 = none. */
  readonly changeEveryMs: number;
  /** Where the journal of the simulated agents lies. */
  readonly journal: string;
}

const createServer = /* GraphQL */ `
  mutation Bench_CreateServer($input: CreateServerInput!) {
    createServer(input: $input) {
      server {
        id
      }
      registrationToken
    }
  }
`;

/** Asks the fleet's process for the number of samples sent. */
export const countSamples = 'count';

/** Calls that are under way at once while a fleet is made. */
const atOnce = 4;

/** Does the work for each number below `count`, a few at once; the results are in order. */
export async function forEachOf<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) results[n] = await work(n);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

export interface FleetOptions {
  /** Milliseconds between an agent's samples; 0 = none. @default 10_000 */
  readonly sampleEveryMs?: number;
  /** On each server. @default 1 */
  readonly containers?: number;
  /** Milliseconds between two changes of an agent's containers; 0 = none. @default 0 */
  readonly changeEveryMs?: number;
  /** Number of the first server, so that a second fleet has other names. @default 0 */
  readonly first?: number;
  /** How long all of it may take to come up, in milliseconds. @default 300_000 */
  readonly limit?: number;
}

async function countOnline(client: TestClient): Promise<number> {
  const { servers } = await client.query<{ servers: { totalCount: number } }>(
    '{ servers(first: 0, filter: { statuses: [ONLINE] }) { totalCount } }',
  );
  return servers.totalCount;
}

/** Adds `count` servers and brings their agents up, with real registrations and handshakes. */
export async function startFleet(
  client: TestClient,
  url: string,
  count: number,
  {
    sampleEveryMs = 10_000,
    containers = 1,
    changeEveryMs = 0,
    first = 0,
    limit = 300_000,
  }: FleetOptions = {},
): Promise<Fleet> {
  const before = await countOnline(client);
  const made = await forEachOf(count, async (n) => {
    const { createServer: answer } = await client.query<{
      createServer: { server: { id: string }; registrationToken: string };
    }>(createServer, { input: { name: `bench-${first + n}`, profile: 'FULL_ACCESS' } });
    return answer;
  });
  const folder = await tempDir('serverkit-bench-');
  const child: ChildProcess = fork(new URL('fleet-process.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const order: FleetOrder = {
    url,
    tokens: made.map(({ registrationToken }) => registrationToken),
    sampleEveryMs,
    containers,
    changeEveryMs,
    journal: folder.file('journal'),
  };
  child.send(order);
  await within(once(child, 'message'), `${count} simulated agents to link`, limit);
  // An agent is sure of its link a moment before the control plane has claimed it.
  while ((await countOnline(client)) < before + count) await delay(100);
  return {
    serverIds: made.map(({ server }) => server.id),
    async sent() {
      const answered = once(child, 'message');
      child.send(countSamples);
      const [sent]: unknown[] = await answered;
      return Number(sent);
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await folder[Symbol.asyncDispose]();
    },
  };
}
