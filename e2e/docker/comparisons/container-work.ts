import { expect } from 'vitest';
import { container, docker, uniqueName } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { testImages } from '../../../testing/images.ts';
import type { DockerRig } from '../rig.ts';
import { cliJson, type Comparison } from '../comparison.ts';

const inspected = (format: string, id: string) =>
  docker('inspect', '--format', format, id).then((text) => text.trim());

/** Begins a job and answers with its result once it has ended well. */
async function done<Result>(rig: DockerRig, name: string, input: object): Promise<Result> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const begun = await rig.query<Record<string, { job: { id: string } }>>(
    `mutation ($input: ${type}!) { ${name}(input: $input) { job { id } } }`,
    { input },
  );
  const id = begun[name]?.job.id;
  const { job } = await eventually(
    async () => {
      const asked = await rig.client.query<{
        job: { state: string; errorCode: string | null; result: Result };
      }>('query ($id: ID!) { job(id: $id) { state errorCode result } }', { id });
      return !['RUNNING', 'PENDING'].includes(asked.job.state) && asked;
    },
    'the job to end',
    { limit: 60_000 },
  );
  expect(job).toMatchObject({ state: 'SUCCEEDED', errorCode: null });
  return job.result;
}

export const containerWork: readonly Comparison[] = [
  {
    title: 'making a container, and putting a new one in its place',
    covers: ['Mutation.createContainer', 'Mutation.recreateContainer'],
    async run(rig) {
      const name = uniqueName();
      const command = ['sh', '-c', 'trap "exit 0" TERM; sleep 100 & wait'];
      const settings =
        '{{.State.Status}} {{json .Config.Cmd}} {{json .Config.Env}} {{.HostConfig.Memory}} {{json .Mounts}}';
      await using theirs = await container({
        command,
        options: ['--env', 'A=b', '--memory', '64m', '--tmpfs', '/scratch'],
      });
      try {
        const made = await done<{ id: string }>(rig, 'createContainer', {
          serverId: rig.serverId,
          spec: {
            image: testImages.busybox,
            name,
            command,
            environment: [{ name: 'A', value: 'b' }],
            limits: { memoryBytes: 64 << 20 },
          },
        });
        expect(await inspected('{{.Id}}', name)).toBe(made.id);
        expect(await inspected(settings, name)).toBe(await inspected(settings, theirs.id));
        const next = await done<{ id: string; imageId: string }>(rig, 'recreateContainer', {
          serverId: rig.serverId,
          containerId: made.id,
          pull: 'NEVER',
        });
        expect(next.id).not.toBe(made.id);
        expect(await inspected('{{.Id}} {{.Image}}', name)).toBe(`${next.id} ${next.imageId}`);
        expect(await inspected(settings, name)).toBe(await inspected(settings, theirs.id));
      } finally {
        await docker('rm', '--force', '--volumes', name);
      }
    },
  },
  {
    title: 'what runs in a container, what it changed, and its environment',
    covers: [
      'Container.processes',
      'ProcessTable.titles',
      'ProcessTable.rows',
      'ProcessRow.cells',
      'Container.fileChanges',
      'FileChanges.total',
      'FileChanges.items',
      'FileChange.kind',
      'FileChange.path',
      'ContainerDetails.environment',
      'EnvironmentVariable.name',
      'EnvironmentVariable.value',
      'ContainerDetails.inspect',
      'Mutation.revealContainerEnvironment',
      'RevealContainerEnvironmentPayload.variables',
      'RevealedVariable.name',
      'RevealedVariable.value',
    ],
    async run(rig) {
      await using box = await container({ options: ['--env', 'MODE=fast', '--env', 'DB_PASSWORD=hunter2'] });
      await box.exec('sh', '-c', 'echo x > /new && rm /bin/busybox');
      const answer = await rig.query<{
        server: {
          container: {
            processes: { titles: string[]; rows: { cells: string[] }[] };
            fileChanges: { total: number; items: { kind: string; path: string }[] };
            details: { inspect: string; environment: { name: string; value: string | null }[] };
          };
        };
      }>(
        /* GraphQL */ `
          query ($serverId: ID!, $id: ID!) {
            server(id: $serverId) {
              container(id: $id) {
                processes {
                  titles
                  rows {
                    cells
                  }
                }
                fileChanges {
                  total
                  items {
                    kind
                    path
                  }
                }
                details {
                  inspect
                  environment {
                    name
                    value
                  }
                }
              }
            }
          }
        `,
        { id: box.id },
      );
      const { processes, fileChanges, details } = answer.server.container;
      const [head = '', ...lines] = (await docker('top', box.id, '-eo', 'pid,args')).trim().split('\n');
      expect(head).toMatch(/^PID +COMMAND$/);
      const column = (title: string) => processes.titles.indexOf(title);
      expect(
        processes.rows.map(({ cells }) => `${cells[column('PID')]} ${cells[column('COMMAND')]}`),
      ).toEqual(lines.map((line) => line.replace(/ +/, ' ')));
      const letters: Readonly<Record<string, string>> = { ADDED: 'A', DELETED: 'D', MODIFIED: 'C' };
      const diff = (await docker('diff', box.id)).trim().split('\n').toSorted();
      expect(fileChanges.items.map(({ kind, path }) => `${letters[kind]} ${path}`).toSorted()).toEqual(diff);
      expect(fileChanges.total).toBe(diff.length);

      const [truth] = await cliJson<{ Config: { Env: string[] } }[]>('inspect', box.id);
      const told = JSON.stringify(details);
      expect(told).not.toContain('hunter2');
      const said: unknown = JSON.parse(details.inspect);
      const blank = (variable: string) => variable.replace('hunter2', '••••••');
      expect(said).toEqual({ ...truth, Config: { ...truth?.Config, Env: truth?.Config.Env.map(blank) } });
      expect(details.environment.map(({ name, value }) => `${name}=${value ?? '••••••'}`)).toEqual(
        truth?.Config.Env.map(blank),
      );
      const { revealContainerEnvironment: revealed } = await rig.query<{
        revealContainerEnvironment: { variables: { name: string; value: string }[] };
      }>(
        /* GraphQL */ `
          mutation ($input: RevealContainerEnvironmentInput!) {
            revealContainerEnvironment(input: $input) {
              variables {
                name
                value
              }
            }
          }
        `,
        { input: { serverId: rig.serverId, containerId: box.id } },
      );
      expect(revealed.variables.map(({ name, value }) => `${name}=${value}`)).toEqual(truth?.Config.Env);
    },
  },
  {
    title: 'a command in a container',
    covers: [
      'Mutation.execInContainer',
      'ExecInContainerPayload.exitCode',
      'ExecInContainerPayload.output',
      'ExecInContainerPayload.end',
    ],
    async run(rig) {
      await using box = await container();
      const { execInContainer } = await rig.query<{ execInContainer: object }>(
        /* GraphQL */ `
          mutation ($input: ExecInContainerInput!) {
            execInContainer(input: $input) {
              exitCode
              output
              end
            }
          }
        `,
        { input: { serverId: rig.serverId, containerId: box.id, command: ['cat', '/proc/self/cmdline'] } },
      );
      expect(execInContainer).toEqual({
        exitCode: 0,
        output: await box.exec('cat', '/proc/self/cmdline'),
        end: 'ENDED',
      });
    },
  },
  {
    title: 'limits, another one like it, and an image of it',
    covers: [
      'Mutation.updateContainer',
      'Mutation.duplicateContainer',
      'Mutation.commitContainer',
      'CommitContainerPayload.imageId',
    ],
    async run(rig) {
      await using box = await container({ options: ['--env', 'A=b'] });
      const target = { serverId: rig.serverId, containerId: box.id };
      await rig.query(
        'mutation ($input: UpdateContainerInput!) { updateContainer(input: $input) { container { id } } }',
        { input: { ...target, limits: { pids: 77 }, restartPolicy: { name: 'UNLESS_STOPPED' } } },
      );
      expect(await inspected('{{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}', box.id)).toBe(
        '77 unless-stopped',
      );
      const name = uniqueName();
      const reference = `${uniqueName()}:1`;
      try {
        const { duplicateContainer } = await rig.query<{ duplicateContainer: { container: { id: string } } }>(
          'mutation ($input: DuplicateContainerInput!) { duplicateContainer(input: $input) { container { id } } }',
          { input: { ...target, name } },
        );
        const { id } = duplicateContainer.container;
        const settings =
          '{{.State.Status}} {{.HostConfig.PidsLimit}} {{json .Config.Env}} {{json .Config.Cmd}}';
        expect(await inspected(settings, name)).toBe(await inspected(settings, box.id));
        expect(await inspected('{{.Name}}', id)).toBe(`/${name}`);
        const { commitContainer } = await rig.query<{ commitContainer: { imageId: string } }>(
          'mutation ($input: CommitContainerInput!) { commitContainer(input: $input) { imageId } }',
          { input: { ...target, reference } },
        );
        expect(await inspected('{{.Id}}', reference)).toBe(commitContainer.imageId);
      } finally {
        await docker('rm', '--force', '--volumes', name);
        await docker('rmi', reference);
      }
    },
  },
  {
    title: 'pruning what does not run',
    covers: [
      'PrunableContainer.bytes',
      'PrunableContainer.createdAt',
      'PrunableContainer.id',
      'PrunableContainer.image',
      'PrunableContainer.name',
      'Mutation.pruneContainers',
      'PruneContainersPayload.removed',
      'PruneContainersPayload.kept',
      'KeptContainer.id',
      'KeptContainer.name',
      'KeptContainer.reason',
    ],
    async run(rig) {
      await using box = await container({ command: ['sh', '-c', 'head -c 100000 /dev/zero > /file'] });
      await docker('wait', box.id);
      await using running = await container();
      const { server } = await rig.query<{ server: { containerPrunePreview: { id: string }[] } }>(
        /* GraphQL */ `
          query ($serverId: ID!) {
            server(id: $serverId) {
              containerPrunePreview {
                id
                name
                image
                bytes
                createdAt
              }
            }
          }
        `,
      );
      const listed = await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `id=${box.id}`);
      const mine = server.containerPrunePreview.filter(({ id }) => [box.id, running.id].includes(id));
      expect(mine.map(({ id }) => id)).toEqual(listed.trim().split('\n'));
      const created = await inspected('{{.Created}}', box.id);
      expect(mine[0]).toEqual({
        id: box.id,
        name: box.name,
        image: await inspected('{{.Config.Image}}', box.id),
        bytes: 100_000,
        createdAt: new Date(Math.floor(Date.parse(created) / 1000) * 1000).toISOString(),
      });
      const { pruneContainers } = await rig.query<{ pruneContainers: { removed: object[]; kept: object[] } }>(
        /* GraphQL */ `
          mutation ($input: PruneContainersInput!) {
            pruneContainers(input: $input) {
              removed {
                id
                name
                image
                bytes
                createdAt
              }
              kept {
                id
                name
                reason
              }
            }
          }
        `,
        { input: { serverId: rig.serverId, containerIds: [box.id, running.id] } },
      );
      expect(pruneContainers).toEqual({
        removed: mine,
        kept: [{ id: running.id, name: '', reason: 'It runs again.' }],
      });
      expect(await docker('ps', '--all', '--quiet', '--filter', `id=${box.id}`)).toBe('');
    },
  },
];
