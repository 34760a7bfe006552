import { afterAll, beforeAll, expect, test } from 'vitest';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { docker } from '../../testing/docker.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { run } from '../../testing/processes.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { freshImage } from '../../testing/registry.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';

const compose = (image: string): string => `services:
  web:
    image: ${image}
    command: ["sleep", "1000"]
    stop_signal: SIGKILL
    network_mode: none
`;

interface Part {
  readonly state: string;
  readonly errorCode: string | null;
  readonly server: { readonly id: string };
}

describeWith(['docker', 'root', 'compose'], 'work on two servers, each with an engine of its own', () => {
  const undo = new AsyncDisposableStack();
  let plane: ControlPlane;
  let admin: TestClient;
  let engine: PrivateEngine;
  let [here, there, groupId] = ['', '', ''];

  async function joined(name: string, socket: string): Promise<string> {
    const host = undo.use(await managedHost({ docker: socket }));
    const { serverId, token } = await addServer(admin, name, 'FULL_ACCESS');
    await host.register(plane.url, token);
    await host.start();
    await untilStatus(admin, serverId, 'ONLINE');
    return serverId;
  }

  beforeAll(async () => {
    engine = undo.use(await privateEngine());
    plane = undo.use(await controlPlane());
    admin = await plane.signIn();
    await engine.start();
    await run('sh', ['-c', `docker save ${testImages.busybox} | docker --host unix://${engine.socket} load`]);
    here = await joined('here', '/var/run/docker.sock');
    there = await joined('there', engine.socket);
    const { createServerGroup } = await admin.query<{ createServerGroup: { group: { id: string } } }>(
      'mutation { createServerGroup(input: { name: "Both" }) { group { id } } }',
    );
    groupId = createServerGroup.group.id;
    await admin.query('mutation ($input: MoveServersInput!) { moveServers(input: $input) { ok } }', {
      input: { serverIds: [here, there], groupId },
    });
  }, 120_000);
  afterAll(() => undo.disposeAsync());

  /** @returns how the whole ended, and its parts by server */
  async function deployed(input: object): Promise<readonly [string, ReadonlyMap<string, Part>]> {
    const { deployStackToMany } = await admin.query<{ deployStackToMany: { job: { id: string } } }>(
      'mutation ($input: DeployStackToManyInput!) { deployStackToMany(input: $input) { job { id } } }',
      { input },
    );
    const { id } = deployStackToMany.job;
    await using events = admin.subscribe<{ jobEvents: { job: { state: string } } }>(
      'subscription ($id: ID!) { jobEvents(id: $id) { job { state } } }',
      { id },
    );
    const { jobEvents } = await events.next(
      ({ jobEvents: { job } }) => !['PENDING', 'RUNNING'].includes(job.state),
      'its end',
    );
    const { jobs } = await admin.query<{ jobs: { nodes: Part[] } }>(
      'query ($id: ID!) { jobs(filter: { parentId: $id }) { nodes { state errorCode server { id } } } }',
      { id },
    );
    return [jobEvents.job.state, new Map(jobs.nodes.map((part) => [part.server.id, part]))];
  }

  const running = async (name: string): Promise<readonly string[]> => {
    const filter = ['ps', '--format', '{{.Image}}', '--filter', `label=com.docker.compose.project=${name}`];
    return [(await docker(...filter)).trim(), (await engine.cli(...filter)).trim()];
  };

  test('a stack goes to a group of them, with a result for each', async () => {
    const name = uniqueProject();
    try {
      const [state, parts] = await deployed({
        filter: { groupId },
        name,
        files: { compose: compose(testImages.busybox) },
      });
      expect(state).toBe('SUCCEEDED');
      expect([parts.get(here)?.state, parts.get(there)?.state]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      expect(await running(name)).toEqual([testImages.busybox, testImages.busybox]);
    } finally {
      await removeComposeProject(name);
    }
  });

  test.each([
    { onFailure: 'STOP', here: undefined, runs: '' },
    { onFailure: 'CONTINUE', here: 'SUCCEEDED', runs: 'the image' },
  ])(
    'where one fails, $onFailure does what it says with the next',
    async ({ onFailure, here: then, runs }) => {
      const name = uniqueProject();
      // The other engine has it not, and there is nowhere to pull it from.
      const image = await freshImage();
      try {
        const [state, parts] = await deployed({
          serverIds: [there, here],
          name,
          files: { compose: compose(image) },
          onFailure,
        });
        expect(state).toBe('FAILED');
        expect(parts.get(there)).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR' });
        expect(parts.get(here)?.state).toBe(then);
        expect(await running(name)).toEqual([runs && image, '']);
      } finally {
        await removeComposeProject(name);
        await docker('rmi', image);
      }
    },
  );
});
