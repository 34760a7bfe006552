import { docker } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import type { ControlPlane } from '../../testing/control-plane.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { testImages } from '../../testing/images.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { raisedServer } from './signed-in.ts';

/** This machine as somebody has it who has worked with it for a while: there is something on every page. */
export interface Furnished extends AsyncDisposable {
  readonly serverId: string;
  readonly containerId: string;
  /** Of a stack, and of its volume. */
  readonly name: string;
}

const script =
  'echo hello; echo trouble >&2; echo made > /data/notes.txt; mkdir -p /data/more; echo hello > /beside/greeting; sleep 1000';

/** A stack with a volume that has files, and one of all that pages list. Its own jobs and recordings are the others. */
export async function furnished(plane: ControlPlane): Promise<Furnished> {
  await using undo = new AsyncDisposableStack();
  const client = await plane.signIn();
  const serverId = await raisedServer(plane);
  const name = uniqueProject();
  undo.defer(() => removeComposeProject(name));
  const ask = (field: string, answer: string, input: object): Promise<Record<string, Answer>> =>
    client.query(
      `mutation ($input: ${field[0]?.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { ${answer} } }`,
      { input },
    );
  const job = async (field: string, input: object): Promise<string> =>
    end(client, (await ask(field, 'job { id }', { serverId, ...input }))[field]?.job?.id ?? '');
  const compose = `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "${script}"]
    environment: { GREETING: hello, DB_PASSWORD: not-a-real-one }
    volumes: ["files:/data", "./beside:/beside"]
    stop_signal: SIGKILL
volumes:
  files: { name: ${name} }
`;
  const deployed = await job('deployStack', { name, files: { compose, env: 'PLACE=here\n' } });
  if (deployed !== 'SUCCEEDED') throw new Error(`the stack was not deployed: ${deployed}`);
  await job('deployStack', { name, files: { compose: compose.replace('hello', 'hi') }, baseVersion: 1 });
  await job('pullImage', { reference: 'localhost:1/none:1' });
  const running = await docker('ps', '--quiet', '--no-trunc', '--filter', `volume=${name}`);
  const containerId = running.trim();
  await ask('createRegistry', '__typename', {
    host: 'registry.example.com',
    username: 'ada',
    password: 'not-a-real-one',
    places: { everywhere: true },
  });
  await ask('createSecret', '__typename', {
    name: 'db-password',
    description: 'Of the shop',
    value: 'not-a-real-one',
    places: { serverIds: [serverId] },
  });
  await ask('createApiToken', '__typename', { name: 'deploying', scopes: ['docker:compose:write'] });
  await ask('setUpdatePolicy', '__typename', { serverId, stack: name, mode: 'NOTIFY' });
  await recording(client, serverId, containerId);
  const owned = undo.move();
  return { serverId, containerId, name, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Answer {
  readonly job?: { readonly id: string };
  readonly terminal?: { readonly id: string };
}

/** Waits until a job has ended. @returns how */
async function end(client: TestClient, id: string): Promise<string> {
  return eventually(async () => {
    const { job } = await client.query<{ job: { state: string } }>(
      'query ($id: ID!) { job(id: $id) { state } }',
      {
        id,
      },
    );
    return job.state === 'RUNNING' || job.state === 'PENDING' ? undefined : job.state;
  }, 'the job to end');
}

/** A terminal that was recorded, from its begin to its end. */
async function recording(client: TestClient, serverId: string, containerId: string): Promise<void> {
  const { openContainerTerminal } = await client.query<{
    openContainerTerminal: { terminal: { id: string } };
  }>(
    `mutation ($input: OpenContainerTerminalInput!) { openContainerTerminal(input: $input) { terminal { id } } }`,
    { input: { serverId, containerId, columns: 80, rows: 24, record: true } },
  );
  await client.query(
    'mutation ($input: CloseContainerTerminalInput!) { closeContainerTerminal(input: $input) { terminalId } }',
    { input: { serverId, terminalId: openContainerTerminal.terminal.id } },
  );
  await eventually(async () => {
    const { terminalRecordings } = await client.query<{
      terminalRecordings: { nodes: { end: string | null }[] };
    }>('query ($serverId: ID!) { terminalRecordings(serverId: $serverId) { nodes { end } } }', { serverId });
    return terminalRecordings.nodes.some(({ end: ended }) => ended !== null);
  }, 'the recording to end');
}
