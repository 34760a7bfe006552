import { expect } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../../testing/docker.ts';
import type { Comparison } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

/** Runs a mutation that answers with the container, and holds its state against the command's. */
async function change(
  rig: DockerRig,
  name: string,
  box: TestContainer,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const answer = await rig.query<Record<string, { container: { id: string; state: string } }>>(
    `mutation ($input: ${type}!) { ${name}(input: $input) { container { id state } } }`,
    { input: { serverId: rig.serverId, containerId: box.id, ...more } },
  );
  expect(answer[name]?.container).toEqual({ id: box.id, state: (await box.state()).toUpperCase() });
  return box.state();
}

export const containerChanges: readonly Comparison[] = [
  {
    title: 'starting, pausing, going on, restarting, stopping and killing',
    covers: [
      ...['start', 'pause', 'unpause', 'restart', 'stop', 'kill'].map((verb) => `Mutation.${verb}Container`),
      'ContainerPayload.container',
    ],
    async run(rig) {
      await using box = await container({ start: false });
      const startedAt = () => docker('inspect', '--format', '{{.State.StartedAt}}', box.id);
      expect(await change(rig, 'startContainer', box)).toBe('running');
      expect(await change(rig, 'pauseContainer', box)).toBe('paused');
      expect(await change(rig, 'unpauseContainer', box)).toBe('running');
      const before = await startedAt();
      expect(await change(rig, 'restartContainer', box, { timeoutSeconds: 1 })).toBe('running');
      expect(await startedAt()).not.toBe(before);
      expect(await change(rig, 'stopContainer', box, { timeoutSeconds: 1 })).toBe('exited');
      expect(await change(rig, 'startContainer', box)).toBe('running');
      await change(rig, 'killContainer', box, { signal: 'SIGKILL' });
      await docker('wait', box.id);
      expect((await docker('inspect', '--format', '{{.State.ExitCode}}', box.id)).trim()).toBe('137');
    },
  },
  {
    title: 'renaming and removing',
    covers: [
      'Mutation.renameContainer',
      'Mutation.removeContainer',
      'RemoveContainerPayload.removedContainerId',
    ],
    async run(rig) {
      await using box = await container();
      const name = uniqueName();
      await change(rig, 'renameContainer', box, { name });
      expect((await docker('inspect', '--format', '{{.Name}}', box.id)).trim()).toBe(`/${name}`);
      const { removeContainer } = await rig.query<{ removeContainer: { removedContainerId: string } }>(
        /* GraphQL */ `
          mutation ($input: RemoveContainerInput!) {
            removeContainer(input: $input) {
              removedContainerId
            }
          }
        `,
        { input: { serverId: rig.serverId, containerId: name, force: true } },
      );
      expect(removeContainer.removedContainerId).toBe(box.id);
      expect(await docker('ps', '--all', '--quiet', '--filter', `id=${box.id}`)).toBe('');
    },
  },
  {
    title: 'the same for several',
    covers: ['Mutation.bulkContainers', 'BulkContainerResult.ok'],
    async run(rig) {
      await using one = await container();
      await using two = await container();
      const boxes = [one, two];
      const { bulkContainers } = await rig.query<{ bulkContainers: { ok: boolean }[] }>(
        /* GraphQL */ `
          mutation ($input: BulkContainersInput!) {
            bulkContainers(input: $input) {
              ok
            }
          }
        `,
        {
          input: {
            action: 'PAUSE',
            targets: boxes.map(({ id }) => ({ serverId: rig.serverId, containerId: id })),
          },
        },
      );
      expect(bulkContainers).toEqual([{ ok: true }, { ok: true }]);
      for (const box of boxes) expect(await box.state()).toBe('paused');
      await docker('unpause', ...boxes.map(({ id }) => id));
    },
  },
];
