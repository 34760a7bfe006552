import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import { controlPlane } from '../testing/control-plane.ts';
import { parseAnswer, type TestClient } from '../testing/graphql-client.ts';
import { startFleet } from './fleet.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';

const servers = 1_000;
const warmUp = 200;
const rounds = 500;

const query = /* GraphQL */ `
  query Bench_Servers {
    servers(first: 100) {
      totalCount
      nodes {
        id
        name
        status
        tags
        lastSeenAt
        facts {
          hostname
          osName
          cpuCount
          memoryBytes
        }
        latestMetrics {
          at
          cpuPercent
          memoryUsedBytes
          memoryTotalBytes
        }
        containerCounts {
          running
          total
        }
      }
    }
  }
`;

/** What a script asks first: a hundred of a thousand servers with their newest numbers. */
export const listQuery: Bench = {
  name: 'list-query',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000 });
    const client = await plane.signIn();
    await using _fleet = await startFleet(client, plane.url, servers);
    const { times, body } = await ask(new URL('/graphql', plane.url), client);
    if (parseAnswer(body).errors) throw new Error(body.slice(0, 1000));
    const bare = await alone(body, client);
    const baseline = `the same ${(body.length / 1000).toFixed(0)} KB from a bare HTTP server p50 ${bare.toFixed(2)} ms`;
    const results: Measurement[] = [
      {
        what: `HTTP query of 100 of ${servers} servers, p50`,
        value: quantile(times, 0.5),
        unit: 'ms',
        baseline,
      },
      { what: `HTTP query of 100 of ${servers} servers, p99`, value: quantile(times, 0.99), unit: 'ms' },
    ];
    return results;
  },
};

/** The same bytes from a server that does nothing else, in milliseconds. */
async function alone(body: string, client: TestClient): Promise<number> {
  const server = createServer((call, answer) => {
    call.resume().once('end', () => answer.setHeader('content-type', 'application/json').end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { times } = await ask(new URL(`http://127.0.0.1:${port}/graphql`), client);
  server.close();
  return quantile(times, 0.5);
}

async function ask(url: URL, { session }: TestClient) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = {
    'content-type': 'application/json',
    origin: url.origin,
    cookie: session.cookie ?? '',
    'x-serverkit-session': session.proof ?? '',
  };
  const times: number[] = [];
  let body = '';
  for (let n = 0; n < warmUp + rounds; n += 1) {
    const began = performance.now();
    const call = request(url, { agent, method: 'POST', headers });
    const answered: Promise<IncomingMessage[]> = once(call, 'response');
    call.end(JSON.stringify({ query }));
    const [response] = await answered;
    body = '';
    for await (const chunk of response?.setEncoding('utf8') ?? []) body += String(chunk);
    if (n >= warmUp) times.push(performance.now() - began);
  }
  agent.destroy();
  return { times, body };
}
