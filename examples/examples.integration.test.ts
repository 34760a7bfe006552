import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiToken } from '../testing/api-token.ts';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { container, docker, type TestContainer } from '../testing/docker.ts';
import { eventually } from '../testing/events.ts';
import { fence } from '../testing/fences.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { describeWith, pythonPath } from '../testing/parts.ts';
import { plainEnv, startProcess } from '../testing/processes.ts';

let plane: ControlPlane;
let admin: TestClient;
let box: TestContainer;
/** The examples that the tests below run. */
const ran = ['unhealthy.ts', 'metrics.ts', 'restart-by-label.ts', 'python/subscriber.py'];
const label = `serverkit.example=${process.pid}`;

describeWith(['docker', 'python-gql'], 'the examples, against a real control plane, agent and engine', () => {
  beforeAll(async () => {
    plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    admin = await plane.signIn();
    box = await container({
      options: [
        '--label',
        label,
        '--health-cmd',
        'false',
        '--health-interval',
        '1s',
        '--health-retries',
        '1',
      ],
    });
    await eventually(
      async () => {
        const { containers } = await admin.query<{
          containers: { nodes: { name: string; health: string | null }[] };
        }>('{ containers(first: 500) { nodes { name health } } }');
        return containers.nodes.some(({ name, health }) => name === box.name && health === 'UNHEALTHY');
      },
      'the container to be seen unhealthy',
      { limit: 60_000 },
    );
  });

  afterAll(async () => {
    await box?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
  });

  test('the README shows how each is run', () => {
    const commands = fence('examples/README.md', 'examples').split('\n');
    const started = commands.flatMap((line) => /^(?:node|python) (\S+)/.exec(line)?.[1] ?? []);
    expect(started.toSorted()).toEqual(ran.map((file) => basename(file)).toSorted());
  });

  /** Runs an example with a token that has the scopes it says it needs, and no others. */
  async function run(command: string, file: string, ...args: string[]) {
    const named = /Scopes?: ([a-z:, ]+)\./.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    const { secret } = await apiToken(admin, ...named.split(', '));
    const env = plainEnv({ SERVERKIT_URL: plane.url, SERVERKIT_TOKEN: secret });
    return startProcess(command, [file, ...args], { env });
  }

  test('unhealthy containers are named, and the exit code says that there are some', async () => {
    await using program = await run(process.execPath, 'examples/unhealthy.ts');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.output()).toContain(`/${box.name}: `);
  });

  test('metrics come as one JSON object per line', async () => {
    await using program = await run(process.execPath, 'examples/metrics.ts');
    const [line] = await program.match(/^\{.*\}$/m);
    expect(JSON.parse(line)).toEqual({
      at: expect.any(String),
      server: expect.any(String),
      cpuPercent: expect.any(Number),
      memoryPercent: expect.any(Number),
    });
    program.kill('SIGINT');
    expect(await program.exit).toEqual({ code: 0, signal: null });
  });

  test('what has the label is restarted', async () => {
    const startedAt = () => docker('inspect', '--format', '{{.State.StartedAt}}', box.id);
    const before = await startedAt();
    await using program = await run(process.execPath, 'examples/restart-by-label.ts', label);
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output()).toContain(`/${box.name}: Up`);
    expect(await startedAt()).not.toBe(before);
  });

  test('a public GraphQL library in Python follows containers', async () => {
    await using program = await run(pythonPath(), 'examples/python/subscriber.py');
    await program.match(new RegExp(`SNAPSHOT ${box.name} `));
    await using other = await container();
    await program.match(new RegExp(`DELTA ${other.name} RUNNING`));
  });
});
