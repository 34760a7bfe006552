import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { docker } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { testImages } from '../../../testing/images.ts';
import { removeComposeProject, uniqueProject } from '../../../testing/product/compose-project.ts';
import { freshImage, registry } from '../../../testing/registry.ts';
import { plainEnv, startProcess } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { cliJson, hold, namesOf, type Comparison, type Truths } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

interface Told {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
}

const label = ({ Config }: Told, name: string): string => Config.Labels[`com.docker.compose.${name}`] ?? '';

const container: Truths<Told> = {
  containerId: ({ Id }) => Id,
  name: ({ Name }) => Name.slice(1),
  number: (told) => Number(label(told, 'container-number')),
  state: ({ State }) => State.Status.toUpperCase(),
  status: ({ State }) =>
    State.Status === 'running'
      ? (expect.stringMatching(/^Up/) as unknown)
      : (expect.stringMatching(/^Exited/) as unknown),
  health: ({ State }) => State.Health?.Status.toUpperCase() ?? null,
  exitCode: ({ State }) => (State.Status === 'running' ? null : State.ExitCode),
  image: ({ Config }) => Config.Image,
  imageId: ({ Image }) => Image,
  configHash: (told) => label(told, 'config-hash'),
};

const service: Truths<readonly Told[]> = {
  name: ([told]) => told && label(told, 'service'),
  containers: (told) => told.map((one) => shown(container, one)),
};

const stack: Truths<readonly Told[]> = {
  name: ([told]) => told && label(told, 'project'),
  folder: ([told]) => told && label(told, 'project.working_dir'),
  configFiles: ([told]) => told && label(told, 'project.config_files').split(','),
  services: (told) => told.map((one) => shown(service, [one])),
  state: () => 'PARTIAL',
};

const shown = <Said>(truths: Truths<Said>, told: Said): unknown =>
  Object.fromEntries(Object.entries(truths).map(([field, say]) => [field, say(told)]));

const fields = `
  name folder configFiles state
  services { name containers { containerId name number state status health exitCode image imageId configHash } }`;

const planned: Truths<Told> = {
  service: (told) => label(told, 'service'),
  action: (told) => (label(told, 'service') === 'a-done' ? 'START' : 'NONE'),
  reasons: (told) => (label(told, 'service') === 'a-done' ? ['NOT_RUNNING'] : []),
  image: ({ Config }) => Config.Image,
  imageId: ({ Image }) => Image,
  currentImage: ({ Config }) => Config.Image,
  currentImageId: ({ Image }) => Image,
  configHash: (told) => label(told, 'config-hash'),
  currentConfigHash: (told) => label(told, 'config-hash'),
  replicas: () => 1,
  currentReplicas: () => 1,
};

/** For a service: one that finds itself well is up at once, while one without a check has to run for a while first. */
const check = '    healthcheck: { test: ["CMD", "true"], interval: 500ms }\n';

const file = `version: "3.8"
services:
  a-done:
    image: ${testImages.busybox}
    command: ["sh", "-c", "exit 3"]
  b-runs:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
`;

/** A stack that somebody made at the host, told as the docker command tells of its containers. */
async function madeByHand(
  rig: DockerRig,
  work: (name: string, told: readonly Told[]) => Promise<void>,
): Promise<void> {
  const name = uniqueProject();
  await using dir = await tempDir('sk-stack-');
  await mkdir(dir.file(name));
  await writeFile(dir.file(`${name}/compose.yaml`), file);
  const [program = '', ...first] = rig.compose.command;
  const words = [
    ...first,
    '--project-name',
    name,
    '--file',
    dir.file(`${name}/compose.yaml`),
    'up',
    '--detach',
  ];
  try {
    await using child = startProcess(program, words, { env: plainEnv() });
    child.write(null);
    const { code } = await child.exit;
    if (code !== 0) throw new Error(child.output());
    const ids = (await cliNames(name)).toSorted();
    // One of them ends by itself, a while after it was started.
    await docker('wait', ...ids.filter((id) => id.includes('a-done')));
    const told = await cliJson<readonly Told[]>('inspect', ...ids);
    const states = told.map(({ State }) => State.Status.toUpperCase()).join(' ');
    await eventually(async () => (await statesOf(rig, name)) === states, 'that to be known');
    await work(name, told);
  } finally {
    await removeComposeProject(name);
  }
}

/** Of the containers of a stack, by service. */
async function statesOf({ client, serverId }: DockerRig, name: string): Promise<string> {
  const { server } = await client.query<{
    server: { stack: { services: { containers: { state: string }[] }[] } };
  }>(
    `query ($serverId: ID!, $name: String!) {
      server(id: $serverId) { stack(name: $name) { services { containers { state } } } }
    }`,
    { serverId, name },
  );
  return server.stack.services.flatMap(({ containers }) => containers.map(({ state }) => state)).join(' ');
}

/** By service, as `docker ps` tells them. */
async function cliNames(project: string): Promise<string[]> {
  const listed = await docker(
    'ps',
    '--all',
    '--filter',
    `label=com.docker.compose.project=${project}`,
    '--format',
    '{{.Names}}',
  );
  return listed.split('\n').filter(Boolean);
}

export const stackFields: readonly Comparison[] = [
  {
    title: 'a stack that was made by hand, in the lists of one server and of all',
    covers: [
      'Query.stacks',
      'StackConnection.nodes',
      ...namesOf('Stack', stack),
      ...namesOf('StackService', service),
      ...namesOf('StackContainer', container),
    ],
    run: (rig) =>
      madeByHand(rig, async (name, told) => {
        const one = await rig.query<{ server: { stack: object } }>(
          `query ($serverId: ID!, $name: String!) { server(id: $serverId) { stack(name: $name) { ${fields} } } }`,
          { name },
        );
        hold(one.server.stack, stack, told);
        const all = await rig.query<{ stacks: { nodes: object[] } }>(
          `query ($serverId: ID!, $name: String!) {
            stacks(filter: { serverIds: [$serverId], text: $name, managed: false }) { nodes { ${fields} } }
          }`,
          { name },
        );
        expect(all.stacks.nodes).toHaveLength(1);
        hold(all.stacks.nodes[0], stack, told);
      }),
  },
  {
    title: 'what happens to a stack in a shell, service by service, as it happens',
    covers: ['Subscription.stackEvents', 'StackEvent.services', 'StackEvent.state'],
    run: (rig) =>
      madeByHand(rig, async (name, told) => {
        await using events = rig.subscribe<{
          stackEvents: {
            state: string;
            services: { name: string; containers: { containerId: string; state: string }[] }[];
          };
        }>(
          `subscription ($serverId: ID!, $name: String!) {
            stackEvents(serverId: $serverId, name: $name) {
              state services { name containers { containerId state } }
            }
          }`,
          { name },
        );
        const ids = told.map(({ Id }) => Id);
        const first = await events.next(
          ({ stackEvents }) => stackEvents.state === 'PARTIAL',
          'both services',
        );
        expect(first.stackEvents.services.map(({ containers }) => containers[0]?.containerId)).toEqual(ids);
        await docker('pause', ids[1] ?? '');
        await events.next(
          ({ stackEvents: { services } }) => services[1]?.containers[0]?.state === 'PAUSED',
          'the pause',
        );
        await docker('rm', '--force', ...ids);
        await events.next(({ stackEvents }) => stackEvents.state === 'EMPTY', 'its end');
      }),
  },
  {
    title: 'a stack that was made by hand, its files found and taken over as it runs',
    covers: ['Mutation.takeOverStack', ...['folder', 'file', 'files'].map((field) => `StackSource.${field}`)],
    run: (rig) =>
      madeByHand(rig, async (name, told) => {
        const [first] = told;
        const { server } = await rig.query<{ server: { stackSource: object } }>(
          `query ($serverId: ID!, $name: String!) {
            server(id: $serverId) { stackSource(name: $name) { folder file files { compose env } } }
          }`,
          { name },
        );
        expect(server.stackSource).toEqual({
          folder: first && label(first, 'project.working_dir'),
          file: 'compose.yaml',
          files: { compose: file, env: '' },
        });
        expect(await done(rig, 'takeOverStack', { name })).toEqual({ version: 1 });
        expect((await cliNames(name)).toSorted()).toEqual(told.map(({ Name }) => Name.slice(1)));
        await done(rig, 'removeStack', { name, baseVersion: 1 });
      }),
  },
  {
    title: 'a plan for what runs already, and one for what would go too far',
    covers: [
      ...namesOf('PlannedService', planned),
      ...['services', 'privileged', 'problems', 'warnings', 'composeVersion'].map(
        (field) => `StackPlan.${field}`,
      ),
      'StackPrivilege.option',
      'StackPrivilege.why',
      'StackProblem.line',
      'StackProblem.message',
    ],
    run: (rig) =>
      madeByHand(rig, async (name, told) => {
        const plan = async (compose: string) =>
          (
            await rig.query<{ server: { stackPlan: { services: object[] } & Record<string, unknown> } }>(
              `query ($serverId: ID!, $name: String!, $files: StackFilesInput!) {
                server(id: $serverId) {
                  stackPlan(name: $name, files: $files) {
                    services { ${Object.keys(planned).join(' ')} }
                    privileged { option why } problems { line message } warnings composeVersion
                  }
                }
              }`,
              { name, files: { compose } },
            )
          ).server.stackPlan;
        const { services, ...rest } = await plan(file);
        const [first, second] = told;
        expect(services).toEqual([first && shown(planned, first), second && shown(planned, second)]);
        expect(rest).toEqual({
          privileged: [],
          problems: [],
          warnings: [],
          composeVersion: rig.compose.title.replace('Compose ', ''),
        });
        expect(
          await plan(`${file}    privileged: true\n    environment: { A: "$SERVERKIT_UNSET" }\n`),
        ).toMatchObject({
          privileged: [{ option: 'services.b-runs.privileged', why: expect.any(String) as unknown }],
          warnings: [expect.stringContaining('SERVERKIT_UNSET')],
        });
        expect(await plan(`${file}    privileg: true\n`)).toMatchObject({
          problems: [{ line: 9, message: expect.stringContaining('privileg') as unknown }],
        });
      }),
  },
  {
    title: 'a stack that is deployed, and goes back to its first version',
    covers: ['Mutation.deployStack', 'Mutation.restoreStack'],
    async run(rig) {
      const name = uniqueProject();
      const started = (field: string, given: object): Promise<unknown> =>
        done(rig, field, { name, ...given });
      const hash = async (): Promise<string> => {
        const [told] = await cliJson<readonly Told[]>('inspect', ...(await cliNames(name)));
        return told ? `${told.Image} ${label(told, 'config-hash')}` : '';
      };
      const deployed = (greeting: string) => ({
        compose: `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment: { GREETING: ${greeting} }
${check}`,
      });
      try {
        await started('deployStack', { files: deployed('hello') });
        const first = await hash();
        await started('deployStack', { files: deployed('bye'), baseVersion: 1 });
        expect(await hash()).not.toBe(first);
        await started('restoreStack', { version: 1, baseVersion: 2 });
        expect(await hash()).toBe(first);
      } finally {
        await removeComposeProject(name);
      }
    },
  },
  {
    title: 'a stack that is stopped, started, restarted, scaled, pulled anew, taken down and removed',
    covers: ['start', 'stop', 'restart', 'scale', 'pull', 'down', 'remove'].map(
      (verb) => `Mutation.${verb}Stack`,
    ),
    async run(rig) {
      await using hub = await registry();
      const fresh = await freshImage();
      const image = await hub.push(fresh, 'team/stack:1');
      const name = uniqueProject();
      const on = (field: string, given: object = {}): Promise<unknown> =>
        done(rig, field, { name, ...given });
      const states = async (): Promise<string[]> => {
        const filter = `label=com.docker.compose.project=${name}`;
        const listed = await docker('ps', '--all', '--filter', filter, '--format', '{{.State}}');
        return listed.split('\n').filter(Boolean);
      };
      const started = async (): Promise<string> =>
        docker('inspect', '--format', '{{.State.StartedAt}}', ...(await cliNames(name)));
      const command = `["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]`;
      const compose = `services:\n  web:\n    image: ${image}\n    command: ${command}\n${check}`;
      try {
        await on('deployStack', { files: { compose } });
        await on('stopStack');
        expect(await states()).toEqual(['exited']);
        await on('startStack');
        expect(await states()).toEqual(['running']);
        const before = await started();
        await on('restartStack');
        expect(await started()).not.toBe(before);
        expect(await on('scaleStack', { service: 'web', replicas: 2, baseVersion: 1 })).toEqual({
          replicas: (await states()).length,
        });
        expect(await on('pullStack')).toEqual({ newer: [], version: null });
        expect(await on('downStack', { baseVersion: 1 })).toEqual({ containers: 2, networks: 1, volumes: 0 });
        expect(await states()).toEqual([]);
        expect(await on('removeStack', { baseVersion: 1 })).toEqual({
          containers: 0,
          networks: 0,
          volumes: 0,
        });
      } finally {
        await removeComposeProject(name);
        await docker('rmi', '--force', fresh, image);
      }
    },
  },
];

/** Asks for a job on a stack, and waits until it has ended well. @returns its result */
async function done(rig: DockerRig, field: string, given: object): Promise<unknown> {
  const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input`;
  const answer = await rig.query<Readonly<Record<string, { job: { id: string } }>>>(
    `mutation ($input: ${type}!) { ${field}(input: $input) { job { id } } }`,
    { input: { serverId: rig.serverId, ...given } },
  );
  return ended(rig, answer[field]?.job.id ?? '');
}

/** Waits until a job has ended well. @returns its result */
async function ended(rig: DockerRig, id: string): Promise<unknown> {
  const look = async () => {
    const { job } = await rig.client.query<{
      job: { state: string; errorMessage: string | null; result: unknown };
    }>('query ($id: ID!) { job(id: $id) { state errorMessage result } }', { id });
    return job.state === 'RUNNING' || job.state === 'PENDING' ? undefined : job;
  };
  const { result, ...job } = await eventually(look, 'the job to end', { limit: 50_000 });
  expect(job).toEqual({ state: 'SUCCEEDED', errorMessage: null });
  return result;
}
