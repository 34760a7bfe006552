import { expect } from 'vitest';
import { container, docker } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { cliJson, cliLines, hold, namesOf, type Comparison, type Truths } from '../comparison.ts';

/** As much of `docker inspect` as is read here. */
interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: {
    readonly Image: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[] | null;
    readonly Hostname: string;
    readonly User: string;
    readonly WorkingDir: string;
    readonly Tty: boolean;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
  readonly HostConfig: {
    readonly NanoCpus: number;
    readonly Memory: number;
    readonly Privileged: boolean;
    readonly RestartPolicy: { readonly Name: string; readonly MaximumRetryCount: number };
  };
  readonly Mounts: readonly Mount[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, unknown>>;
    readonly Ports: Readonly<Record<string, readonly Binding[] | null>>;
  };
}
interface Mount {
  readonly Type: string;
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}
interface Binding {
  readonly HostIp: string;
  readonly HostPort: string;
}
interface Listed {
  readonly ID: string;
  readonly Command: string;
  readonly Status: string;
}

const timeOf = (written: string): unknown => {
  const time = new Date(written);
  return time.getTime() <= 0 ? null : time.toISOString();
};
const inAnyOrder = (items: readonly unknown[]): unknown =>
  items.length === 0
    ? []
    : expect.toSatisfy((given: readonly unknown[]) => {
        expect(given).toHaveLength(items.length);
        expect(given).toEqual(expect.arrayContaining([...items]));
        return true;
      });

const port: Truths<{ readonly name: string; readonly binding: Binding | null }> = {
  address: ({ binding }) => binding?.HostIp ?? null,
  publicPort: ({ binding }) => (binding ? Number(binding.HostPort) : null),
  privatePort: ({ name }) => Number(name.split('/')[0]),
  protocol: ({ name }) => name.split('/')[1],
};
const label: Truths<readonly [string, string]> = { key: ([key]) => key, value: ([, value]) => value };
const mount: Truths<Mount> = {
  kind: ({ Type }) => Type,
  name: ({ Name }) => Name ?? null,
  source: ({ Source }) => Source,
  destination: ({ Destination }) => Destination,
  readOnly: ({ RW }) => !RW,
};
const all = <Told>(truths: Truths<Told>, told: readonly Told[]): unknown =>
  inAnyOrder(
    told.map((one) => Object.fromEntries(Object.entries(truths).map(([field, say]) => [field, say(one)]))),
  );

/** What cannot stand still between two questions is compared with other means, where it is measured. */
const fields: Truths<{ readonly inspected: Inspected; readonly listed: Listed | undefined }> = {
  id: ({ inspected }) => inspected.Id,
  name: ({ inspected }) => inspected.Name.replace(/^\//, ''),
  // The command prints it in quotes.
  command: ({ listed }): unknown => JSON.parse(listed?.Command ?? 'null'),
  createdAt: ({ inspected }): unknown => {
    // Lists of Docker tell the second.
    const second = Math.floor(Date.parse(inspected.Created) / 1000);
    return expect.stringMatching(new RegExp(`^${new Date(second * 1000).toISOString().slice(0, 19)}`));
  },
  image: ({ inspected }) => inspected.Config.Image,
  imageId: ({ inspected }) => inspected.Image,
  state: ({ inspected }) => inspected.State.Status.toUpperCase(),
  status: ({ listed }): unknown => {
    // "Up 3 seconds (healthy)": all but the time, which goes on.
    const [, word = '', , health = ''] = /^(\w+)(.*?)(\(\w+\))?$/.exec(listed?.Status ?? '') ?? [];
    return expect.stringMatching(new RegExp(`^${word} .*${health.replaceAll(/[()]/g, '\\$&')}$`));
  },
  exitCode: ({ inspected: { State } }) => (State.Status === 'running' ? null : State.ExitCode),
  startedAt: ({ inspected }) => timeOf(inspected.State.StartedAt),
  finishedAt: ({ inspected: { State } }) => (State.Status === 'running' ? null : timeOf(State.FinishedAt)),
  health: ({ inspected }) => inspected.State.Health?.Status.toUpperCase() ?? null,
  labels: ({ inspected }) => all(label, Object.entries(inspected.Config.Labels)),
  networks: ({ inspected }) => inAnyOrder(Object.keys(inspected.NetworkSettings.Networks)),
  ports: ({ inspected }) =>
    all(
      port,
      Object.entries(inspected.NetworkSettings.Ports).flatMap(([name, bindings]) =>
        (bindings ?? [null]).map((binding) => ({ name, binding })),
      ),
    ),
  memoryLimitBytes: ({ inspected: { State, HostConfig } }) =>
    State.Status === 'running' ? HostConfig.Memory : null,
};

const details: Truths<Inspected> = {
  cpuLimit: ({ HostConfig }) => HostConfig.NanoCpus / 1e9 || null,
  memoryLimitBytes: ({ HostConfig }) => HostConfig.Memory || null,
  entrypoint: ({ Config }) => Config.Entrypoint ?? [],
  environmentNames: ({ Config }) => Config.Env.map((line) => line.split('=')[0]),
  healthcheck: ({ Config }) => Config.Healthcheck?.Test ?? [],
  hostname: ({ Config }) => Config.Hostname,
  mounts: ({ Mounts }) => all(mount, Mounts),
  oomKilled: ({ State }) => State.OOMKilled,
  privileged: ({ HostConfig }) => HostConfig.Privileged,
  restartCount: ({ RestartCount }) => RestartCount,
  restartPolicy: ({ HostConfig: { RestartPolicy } }) =>
    RestartPolicy.Name === 'on-failure'
      ? `on-failure:${RestartPolicy.MaximumRetryCount}`
      : RestartPolicy.Name,
  tty: ({ Config }) => Config.Tty,
  user: ({ Config }) => Config.User,
  workingDir: ({ Config }) => Config.WorkingDir,
};

const part = (truths: Truths<never>): string => Object.keys(truths).join(' ');
const selected = part(fields)
  .replace('ports', `ports { ${part(port)} }`)
  .replace('labels', `labels { ${part(label)} }`);
const detailsSelected = part(details).replace('mounts', `mounts { ${part(mount)} }`);

const rich = [
  '--publish=127.0.0.1::80',
  '--publish=127.0.0.1::53/udp',
  '--expose=9000',
  '--env=PASSWORD=secret',
  '--env=EMPTY=',
  '--hostname=inside',
  '--user=1000:1000',
  '--workdir=/tmp',
  '--memory=64m',
  '--cpus=0.5',
  '--restart=on-failure:3',
  '--volume=/anonymous',
  '--mount=type=tmpfs,destination=/scratch',
  '--volume=/etc/hostname:/name:ro',
  '--health-cmd=true',
  '--health-interval=1s',
  '--label=quote="',
  '--label=empty=',
];

async function compare(rig: Parameters<Comparison['run']>[0], id: string): Promise<void> {
  const { server } = await rig.query<{ server: { containers: { id: string; details: object }[] } }>(
    `query ($serverId: ID!) { server(id: $serverId) { containers(all: true) { ${selected} details { ${detailsSelected} } } } }`,
  );
  const [inspected] = await cliJson<Inspected[]>('inspect', id);
  const listed = await cliLines<Listed>('ps', '--all', '--no-trunc', '--filter', `id=${id}`);
  if (!inspected) throw new Error(`docker inspect does not know ${id}`);
  const { details: deep, ...answer } = server.containers.find((one) => one.id === id) ?? { details: {} };
  hold(answer, fields, { inspected, listed: listed[0] });
  hold(deep, details, inspected);
}

export const containerFields: readonly Comparison[] = [
  {
    title: 'a container with everything set, running',
    covers: [
      ...namesOf('Container', fields),
      'Container.details',
      ...namesOf('ContainerDetails', details),
      ...namesOf('Port', port),
      ...namesOf('Label', label),
      ...namesOf('ContainerMount', mount),
    ],
    async run(rig) {
      await using box = await container({ options: rich });
      await eventually(
        async () =>
          (await docker('inspect', '--format', '{{.State.Health.Status}}', box.id)).trim() === 'healthy',
        'the health check to pass',
        { limit: 60_000 },
      );
      await compare(rig, box.id);
    },
  },
  {
    title: 'a container that ended',
    covers: ['Container.exitCode', 'Container.finishedAt', 'Container.state'],
    async run(rig) {
      await using box = await container({ command: ['sh', '-c', 'exit 3'], options: ['--memory', '64m'] });
      await docker('wait', box.id);
      await compare(rig, box.id);
    },
  },
  {
    title: 'how many there are, and which',
    covers: [
      'Query.containers',
      'ContainerConnection.nodes',
      'ContainerCounts.total',
      'ContainerCounts.running',
    ],
    async run(rig) {
      await using running = await container();
      await using ended = await container({ start: false });
      await eventually(
        async () => {
          // Two at a time may run elsewhere on this machine: the command is asked before and after.
          const count = async (...how: readonly string[]) =>
            (await docker('ps', '--quiet', '--no-trunc', ...how)).split('\n').filter(Boolean);
          const before = [await count('--all'), await count()];
          const told = await rig.query<{
            containers: { nodes: { id: string }[] };
            server: { containerCounts: { total: number; running: number } };
          }>(/* GraphQL */ `
            query ($serverId: ID!) {
              containers(first: 500, filter: { serverIds: [$serverId] }) {
                nodes {
                  id
                }
              }
              server(id: $serverId) {
                containerCounts {
                  total
                  running
                }
              }
            }
          `);
          const after = [await count('--all'), await count()];
          expect(before).toEqual(after);
          const ids = told.containers.nodes.map(({ id }) => id);
          expect(ids).toEqual(expect.arrayContaining([running.id, ended.id]));
          expect(ids.toSorted()).toEqual(after[0]?.toSorted());
          expect(told.server.containerCounts).toEqual({ total: after[0]?.length, running: after[1]?.length });
          return true;
        },
        'both to say the same',
        { limit: 60_000, every: 200 },
      );
    },
  },
  {
    title: 'the engine itself',
    covers: namesOf('DockerFacts', {
      apiVersion: () => '',
      available: () => '',
      storageDriver: () => '',
      version: () => '',
    }),
    async run(rig) {
      const { server } = await rig.query<{ server: { facts: { docker: object } } }>(/* GraphQL */ `
        query ($serverId: ID!) {
          server(id: $serverId) {
            facts {
              docker {
                apiVersion
                available
                storageDriver
                version
              }
            }
          }
        }
      `);
      const told = async (format: string): Promise<string> =>
        (await docker('version', '--format', format)).trim();
      expect(server.facts.docker).toEqual({
        apiVersion: await told('{{.Server.APIVersion}}'),
        version: await told('{{.Server.Version}}'),
        storageDriver: (await docker('info', '--format', '{{.Driver}}')).trim(),
        available: true,
      });
    },
  },
];
