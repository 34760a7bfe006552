import { once } from 'node:events';
import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../testing/events.ts';
import type { TestClient } from '../testing/graphql-client.ts';

/** Many simulated agents in a process of their own. */
export interface Fleet extends AsyncDisposable {
  readonly serverIds: readonly string[];
}

/** What the fleet's process is told, and what it answers once every agent is linked. */
export interface FleetOrder {
  readonly url: string;
  readonly tokens: readonly string[];
  /** Milliseconds between samples; 0 = none. */
  readonly sampleEveryMs: number;
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
  { sampleEveryMs = 10_000, limit = 300_000 } = {},
): Promise<Fleet> {
  const tokens: string[] = [];
  const serverIds: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { createServer: made } = await client.query<{
      createServer: { server: { id: string }; registrationToken: string };
    }>(createServer, { input: { name: `bench-${n}`, profile: 'FULL_ACCESS' } });
    tokens.push(made.registrationToken);
    serverIds.push(made.server.id);
  }
  const child: ChildProcess = fork(new URL('fleet-process.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const order: FleetOrder = { url, tokens, sampleEveryMs };
  child.send(order);
  await within(once(child, 'message'), `${count} simulated agents to link`, limit);
  // An agent is sure of its link a moment before the control plane has claimed it.
  while ((await countOnline(client)) < count) await delay(100);
  return {
    serverIds,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
