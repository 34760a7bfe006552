import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { connectToDatabase } from '../../api/src/database/testing.ts';
import { controlPlane, type ControlPlane, type ControlPlaneOptions } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { freePort } from '../../testing/free-port.ts';
import type { TestClient, TestSubscription } from '../../testing/graphql-client.ts';
import { plainEnv, run, startProcess, type TestProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { statusOf, untilStatus } from '../install/plane.ts';
import { openNetwork, type Network } from '../link/tcp-proxy.ts';

const agentMain = fileURLToPath(new URL('../../agent/src/main.ts', import.meta.url));

/** The control plane and one managed server, each a process that a test may kill and start again. */
export interface JobRig extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly admin: TestClient;
  readonly serverId: string;
  readonly agent: TestProcess;
  /** Where it keeps everything. */
  readonly agentDir: string;
  /** Between the two. */
  readonly network: Network;
  /** Starts the agent; resolves once it is online. */
  startAgent(): Promise<void>;
  /** Resolves once the control plane knows: one that is started again at once would be taken for the one before. */
  stopAgent(signal: NodeJS.Signals): Promise<void>;
  /** Kills the control plane and starts it again on the same data and port. */
  restartPlane(): Promise<void>;
  /** Begins to pull. @returns the job's id */
  pull(reference: string): Promise<string>;
  follow(id: string, after?: number): TestSubscription<JobEventData>;
  job(id: string): Promise<JobData>;
  /** Rows of the database. */
  rows<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface JobData {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly step: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly cancelAskedAt: string | null;
  readonly finishedAt: string | null;
  readonly result: unknown;
  readonly target: { readonly kind: string; readonly id: string };
  readonly progress: readonly {
    readonly item: string;
    readonly status: string;
    readonly current: number | null;
    readonly total: number | null;
  }[];
}

export interface JobEventData {
  readonly jobEvents: {
    readonly job: JobData;
    readonly dropped: number;
    readonly lines: readonly { readonly seq: number; readonly text: string; readonly stream: string }[];
  };
}

export const jobFields = `id kind state step errorCode errorMessage cancelAskedAt finishedAt result target { kind id }
  progress { item status current total }`;

export interface JobRigOptions {
  /** Docker's socket. @default the machine's own */
  readonly docker?: string;
  /** What may be done on the server at most. @default DOCKER_MANAGER */
  readonly profile?: 'DOCKER_MANAGER' | 'FULL_ACCESS';
}

export async function jobRig({
  docker = '/var/run/docker.sock',
  profile = 'DOCKER_MANAGER',
}: JobRigOptions = {}): Promise<JobRig> {
  await using undo = new AsyncDisposableStack();
  const dir = undo.use(await tempDir('sk-job-rig-'));
  const data = undo.use(await tempDir('serverkit-plane-'));
  const planeOptions: ControlPlaneOptions = {
    dataDir: data.file('data'),
    env: { PORT: String(await freePort()) },
  };
  await run('chmod', ['711', data.path]);
  let plane = await controlPlane(planeOptions);
  // Those that were killed, whose folders are still there.
  const former: ControlPlane[] = [];
  undo.defer(async () => {
    await plane[Symbol.asyncDispose]();
    for (const killed of former) await killed[Symbol.asyncDispose]();
  });
  let admin = await plane.signIn();
  const network = undo.use(await openNetwork(plane.url));
  const { createServer } = await admin.query<{
    createServer: { server: { id: string }; registrationToken: string };
  }>(
    'mutation ($input: CreateServerInput!) { createServer(input: $input) { server { id } registrationToken } }',
    { input: { name: 'web', profile } },
  );
  const { server, registrationToken } = createServer;
  const config = dir.file('agent.yaml');
  await writeFile(
    config,
    [
      `agent: { state_dir: ${dir.file('state')} }`,
      `auth: { key_file: ${dir.file('agent.key')} }`,
      `docker: { socket: ${docker} }`,
      'server: { max_reconnect_interval: 1s }',
    ].join('\n'),
  );
  await run(process.execPath, [agentMain, 'register', '--server', network.url, '-c', config], {
    env: plainEnv({ SERVERKIT_TOKEN: registrationToken }),
  });
  let agent: TestProcess | undefined;
  undo.defer(() => agent?.[Symbol.asyncDispose]());
  const owned = undo.move();

  const rig: JobRig = {
    get plane() {
      return plane;
    },
    get admin() {
      return admin;
    },
    serverId: server.id,
    network,
    get agent() {
      if (!agent) throw new Error('the agent was not started');
      return agent;
    },
    agentDir: dir.path,
    async startAgent() {
      agent = startProcess(process.execPath, [agentMain, 'start', '-c', config], { env: plainEnv() });
      await untilStatus(admin, server.id, 'ONLINE');
    },
    async stopAgent(signal) {
      rig.agent.kill(signal);
      await rig.agent.exit;
      await eventually(async () => (await statusOf(admin, server.id)) !== 'ONLINE', 'the agent to be missed');
    },
    async restartPlane() {
      plane.process.killGroup('SIGKILL');
      await plane.process.exit;
      former.push(plane);
      plane = await controlPlane(planeOptions);
      admin = await plane.signIn();
      await untilStatus(admin, server.id, 'ONLINE');
    },
    async pull(reference) {
      const { pullImage } = await admin.query<{ pullImage: { job: { id: string } } }>(
        'mutation ($input: PullImageInput!) { pullImage(input: $input) { job { id } } }',
        { input: { serverId: server.id, reference } },
      );
      return pullImage.job.id;
    },
    follow: (id, after = 0) =>
      admin.subscribe<JobEventData>(
        `subscription ($id: ID!, $after: Int!) {
          jobEvents(id: $id, after: $after) { dropped job { ${jobFields} } lines { seq text stream } }
        }`,
        { id, after },
      ),
    async job(id) {
      const { job } = await admin.query<{ job: JobData }>(
        `query ($id: ID!) { job(id: $id) { ${jobFields} } }`,
        {
          id,
        },
      );
      return job;
    },
    async rows<Row extends object>(sql: string, values: readonly unknown[] = []) {
      const pool = connectToDatabase(data.file('data'));
      try {
        return (await pool.query<Row>(sql, [...values])).rows;
      } finally {
        await pool.end();
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return rig;
}
