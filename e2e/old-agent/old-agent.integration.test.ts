import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { plainEnv, run, startProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { buildAgent } from './build-agent.ts';

/** The last commit before anything was added to the agent's contract: 1.0, which has no keys to replace. */
const oldest = 'b470701f62f1db03f2fc4b86bd136d385f6fb57e';

describeWith('docker', `an agent built from the first release, on the control plane of today`, () => {
  const opened = new AsyncDisposableStack();
  let plane: ControlPlane;
  let admin: TestClient;
  let serverId: string;
  beforeAll(async () => {
    const agent = opened.use(await buildAgent(oldest));
    plane = opened.use(await controlPlane());
    admin = await plane.signIn();
    const { createServer } = await admin.query<{
      createServer: { server: { id: string }; registrationToken: string };
    }>(
      `mutation { createServer(input: { name: "old", profile: FULL_ACCESS }) { server { id } registrationToken } }`,
    );
    serverId = createServer.server.id;
    const host = opened.use(await tempDir('sk-old-'));
    const config = host.file('config.yaml');
    await writeFile(
      config,
      `agent: { state_dir: ${host.file('state')} }\nauth: { key_file: ${host.file('agent.key')} }\n`,
    );
    await run(process.execPath, [agent.entry, 'register', '--server', plane.url, '-c', config], {
      env: plainEnv({ SERVERKIT_TOKEN: createServer.registrationToken }),
    });
    opened.use(startProcess(process.execPath, [agent.entry, 'start', '-c', config]));
    await eventually(
      async () => (await server<{ status: string }>('status')).status === 'ONLINE',
      'it to be online',
      {
        limit: 60_000,
      },
    );
  }, 120_000);
  afterAll(() => opened.disposeAsync());

  async function server<T>(fields: string): Promise<T> {
    const answer = await admin.query<{ server: T }>(`query ($id: ID!) { server(id: $id) { ${fields} } }`, {
      id: serverId,
    });
    return answer.server;
  }

  it('says that it is of the first contract', async () => {
    await expect(server('facts { contract }')).resolves.toEqual({ facts: { contract: '1.0' } });
  });

  it('has metrics', async () => {
    const { latestMetrics } = await eventually(
      async () => {
        const seen = await server<{ latestMetrics: { cpuPercent: number } | null }>(
          'latestMetrics { cpuPercent }',
        );
        return seen.latestMetrics !== null && seen;
      },
      'a sample',
      { limit: 60_000 },
    );
    expect(latestMetrics?.cpuPercent).toBeGreaterThanOrEqual(0);
  });

  it('shows containers, acts on them, and reads their logs', async () => {
    await using box = await container({
      command: ['sh', '-c', 'echo from afar; trap "exit 0" TERM; sleep infinity & wait'],
    });
    const find = async (): Promise<{ id: string; name: string; state: string } | undefined> => {
      const { containers } = await server<{ containers: { id: string; name: string; state: string }[] }>(
        'containers(all: true) { id name state }',
      );
      return containers.find(({ name }) => name === box.name);
    };
    const seen = await eventually(find, 'the container');
    expect(seen.state).toBe('RUNNING');
    await using logs = admin.subscribe<{ containerLogs: unknown }>(
      'subscription ($s: ID!, $c: ID!) { containerLogs(serverId: $s, containerId: $c, tail: 10, follow: false) { segments { text } } }',
      { s: serverId, c: box.id },
    );
    expect(JSON.stringify(await logs.next())).toContain('from afar');
    await admin.query(
      'mutation ($input: StopContainerInput!) { stopContainer(input: $input) { container { id state } } }',
      { input: { serverId, containerId: box.id } },
    );
    await expect(box.state()).resolves.toBe('exited');
  });

  it('is told what to update where it lacks something', async () => {
    await expect(
      admin.query(
        'mutation ($input: RotateAgentKeyInput!) { rotateAgentKey(input: $input) { server { id } } }',
        {
          input: { serverId },
        },
      ),
    ).rejects.toMatchObject({
      code: 'UNSUPPORTED_BY_AGENT',
      message: expect.stringMatching(/too old for this: it lacks Mutation\.rotateKey\. Update the agent/),
    });
    await expect(server('agentKey { pendingSince rotatedAt }')).resolves.toEqual({
      agentKey: { pendingSince: null, rotatedAt: null },
    });
  });

  it('follows one change of the control plane’s key, and is not left behind by a second', async () => {
    const change = () =>
      admin.query(
        'mutation { rotateControlKey(input: {}) { controlPlaneKeys { current { fingerprint } } } }',
      );
    const links = async (): Promise<number> => {
      const { linkSessions } = await server<{ linkSessions: { nodes: object[] } }>(
        'linkSessions { nodes { id } }',
      );
      return linkSessions.nodes.length;
    };
    const before = await links();
    await change();
    await eventually(async () => (await links()) > before, 'it to come back', { limit: 60_000 });
    await eventually(
      async () => (await server<{ status: string }>('status')).status === 'ONLINE',
      'it to be online',
    );
    await expect(change()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('old'),
    });
  });
});
