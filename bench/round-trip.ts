import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { controlPlane } from '../testing/control-plane.ts';
import { parseAnswer, type TestClient } from '../testing/graphql-client.ts';
import { startFleet } from './fleet.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';

const agents = 1_000;
/** A control plane that has just started runs interpreted code; it takes so many commands to be itself. */
const warmUp = 2_500;
const rounds = 3_000;

const mutation = /* GraphQL */ `
  mutation Bench_Start($input: StartContainerInput!) {
    startContainer(input: $input) {
      container {
        id
        state
      }
    }
  }
`;

/** HTTP mutation → command row → signed operation → agent's journal → answer → audit → HTTP answer. */
export const roundTrip: Bench = {
  name: 'round-trip',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000 });
    const client = await plane.signIn();
    await using fleet = await startFleet(client, plane.url, agents);
    const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
    const times: number[] = [];
    for (let n = 0; n < warmUp + rounds; n += 1) {
      const serverId = fleet.serverIds[(n * 7919) % fleet.serverIds.length] ?? '';
      const started = performance.now();
      await post(plane.url, client, keepAlive, {
        query: mutation,
        variables: { input: { serverId, containerId: 'a'.repeat(64) } },
      });
      if (n >= warmUp) times.push(performance.now() - started);
    }
    keepAlive.destroy();
    const raw = await rawRoundTrips();
    const baseline = `raw ws echo p50 ${raw.p50.toFixed(3)} ms, p99 ${raw.p99.toFixed(3)} ms`;
    const result: Measurement[] = [
      {
        what: `command round trip p50, ${agents} agents`,
        value: quantile(times, 0.5),
        unit: 'ms',
        atMost: 3,
        baseline,
      },
      {
        what: `command round trip p99, ${agents} agents`,
        value: quantile(times, 0.99),
        unit: 'ms',
        atMost: 15,
        baseline,
      },
    ];
    return result;
  },
};

function post(url: string, client: TestClient, agent: Agent, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      new URL('/graphql', url),
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: new URL(url).origin,
          cookie: client.session.cookie ?? '',
          'x-serverkit-session': client.session.proof ?? '',
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (parseAnswer(text).errors) reject(new Error(text));
          else resolve();
        });
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}

async function rawRoundTrips(): Promise<{ p50: number; p99: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await once(server, 'listening');
  const address = server.address();
  const socket = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  await once(socket, 'open');
  const times: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    const started = performance.now();
    socket.send('{"n":1}');
    await once(socket, 'message');
    times.push(performance.now() - started);
  }
  socket.terminate();
  server.close();
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
