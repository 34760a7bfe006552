import { expect } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../../testing/docker.ts';
import { cliJson, hold, namesOf, type Comparison, type Truths } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

/** What `docker volume inspect` prints, and the container that uses it. */
interface Told {
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly Mountpoint: string;
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Options: Readonly<Record<string, string>> | null;
  readonly user: TestContainer;
}

const pairs = (object: Readonly<Record<string, string>> | null): unknown =>
  expect.arrayContaining(Object.entries(object ?? {}).map(([key, value]) => ({ key, value })));

const truths: Truths<Told> = {
  name: ({ Name }) => Name,
  driver: ({ Driver }) => Driver,
  scope: ({ Scope }) => Scope,
  mountpoint: ({ Mountpoint }) => Mountpoint,
  createdAt: ({ CreatedAt }) => new Date(CreatedAt).toISOString(),
  anonymous: ({ Name }) => /^[0-9a-f]{64}$/.test(Name),
  labels: ({ Labels }) => pairs(Labels),
  options: ({ Options }) => pairs(Options),
  users: ({ user }) => [
    {
      containerId: user.id,
      containerName: user.name,
      running: true,
      destination: '/data',
      readOnly: true,
    },
  ],
};

const userFields = ['containerId', 'containerName', 'running', 'destination', 'readOnly'];
const text = `name driver scope mountpoint createdAt anonymous labels { key value } options { key value }
  users { ${userFields.join(' ')} }`;

async function inspected(name: string): Promise<Omit<Told, 'user'>> {
  const [told] = await cliJson<Omit<Told, 'user'>[]>('volume', 'inspect', name);
  if (!told) throw new Error('the command told nothing');
  return told;
}

const listed = async (): Promise<string[]> => (await docker('volume', 'ls', '--quiet')).trim().split('\n');

/** Makes one by the API; the command removes it, should the API not have. */
async function made(
  rig: DockerRig,
  input: object = {},
): Promise<{ readonly name: string } & AsyncDisposable> {
  const name = uniqueName();
  await rig.query(
    `mutation Make($input: CreateVolumeInput!) { createVolume(input: $input) { volume { name } } }`,
    { input: { serverId: rig.serverId, name, labels: [{ key: 'serverkit.test', value: '1' }], ...input } },
  );
  return { name, [Symbol.asyncDispose]: async () => void (await docker('volume', 'rm', '--force', name)) };
}

const fields: Comparison = {
  title: 'a volume is made, listed and told of as docker volume inspect tells',
  covers: [
    ...namesOf('Volume', truths),
    ...userFields.map((field) => `VolumeUser.${field}`),
    'Mutation.createVolume',
    'Query.volumes',
    'VolumeConnection.nodes',
    'VolumePayload.volume',
  ],
  async run(rig) {
    const options = [
      { key: 'type', value: 'tmpfs' },
      { key: 'device', value: 'tmpfs' },
      { key: 'o', value: 'size=1m' },
    ];
    await using own = await made(rig, { options });
    await using other = await made(rig);
    await using user = await container({ options: ['-v', `${own.name}:/data:ro`] });
    const told: Told = { ...(await inspected(own.name)), user };
    expect(told.Options).toEqual({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m' });
    const answer = await rig.query<{
      server: { volume: object; volumes: { name: string }[] };
      volumes: { nodes: { name: string }[] };
    }>(
      `query Compared($serverId: ID!, $name: String!) {
        server(id: $serverId) { volume(name: $name) { ${text} } volumes { ${text} } }
        volumes(first: 500, filter: { inUse: true }) { nodes { ${text} } }
      }`,
      { name: own.name },
    );
    const { volume, volumes } = answer.server;
    const all = [volumes, answer.volumes.nodes].map((list) => list.find(({ name }) => name === own.name));
    for (const one of [volume, ...all]) hold(one, truths, told);
    const both = new Set([own.name, other.name]);
    const known = (names: readonly string[]): string[] => names.filter((name) => both.has(name)).toSorted();
    expect(known(volumes.map(({ name }) => name))).toEqual(known(await listed()));
    expect(known(await listed())).toHaveLength(2);
  },
};

const removal: Comparison = {
  title: 'a volume that is in use stays, and goes for the command as well once it is not',
  covers: ['Mutation.removeVolume', 'RemoveVolumePayload.removedVolumeName'],
  async run(rig) {
    await using own = await made(rig);
    const remove = async (): Promise<object> =>
      rig.query(
        `mutation Remove($input: RemoveVolumeInput!) { removeVolume(input: $input) { removedVolumeName } }`,
        { input: { serverId: rig.serverId, name: own.name } },
      );
    {
      await using _user = await container({ options: ['-v', `${own.name}:/data`], start: false });
      await expect(remove()).rejects.toThrow(/is used by a container.*"CONFLICT"/);
    }
    expect(await remove()).toEqual({ removeVolume: { removedVolumeName: own.name } });
    expect(await listed()).not.toContain(own.name);
  },
};

const pruning: Comparison = {
  title: 'sizes are those of docker system df, and what is pruned is what was shown',
  covers: [
    'Mutation.pruneVolumes',
    'PruneVolumesPayload.kept',
    'PruneVolumesPayload.removed',
    'KeptVolume.name',
    'UnusedVolume.anonymous',
    'UnusedVolume.driver',
    'UnusedVolume.name',
    'UnusedVolume.sizeBytes',
    'UnusedVolumes.items',
    'UnusedVolumes.shownAt',
    'VolumeSize.name',
    'VolumeSize.sizeBytes',
    'VolumeSizes.items',
  ],
  async run(rig) {
    await using going = await made(rig);
    await using staying = await made(rig);
    {
      await using box = await container({
        options: ['-v', `${going.name}:/data`],
        command: ['sh', '-c', 'head -c 700000 /dev/zero > /data/zeros'],
      });
      await docker('wait', box.id);
    }
    await using _user = await container({ options: ['-v', `${staying.name}:/data`], start: false });
    interface Unused {
      readonly name: string;
      readonly sizeBytes: number;
    }
    const { server } = await rig.query<{
      server: { unusedVolumes: { shownAt: string; items: Unused[] }; volumeSizes: { items: Unused[] } };
    }>(
      `query Unused($serverId: ID!) {
        server(id: $serverId) {
          unusedVolumes(named: true) { shownAt items { name driver anonymous sizeBytes } }
          volumeSizes { items { name sizeBytes } }
        }
      }`,
    );
    const usage = await docker('system', 'df', '--verbose', '--format', '{{json .Volumes}}');
    const read: (text: string) => readonly { readonly Name: string; readonly Size: string }[] = JSON.parse;
    const told = read(usage);
    expect(told.find(({ Name }) => Name === going.name)?.Size).toBe('700kB');
    const shown = server.unusedVolumes.items.find(({ name }) => name === going.name);
    expect(shown).toEqual({ name: going.name, driver: 'local', anonymous: false, sizeBytes: 700_000 });
    expect(server.unusedVolumes.items.map(({ name }) => name)).not.toContain(staying.name);
    expect(server.volumeSizes.items).toContainEqual({ name: going.name, sizeBytes: 700_000 });
    const pruned = await rig.query(
      `mutation Prune($input: PruneVolumesInput!) {
        pruneVolumes(input: $input) { removed { name sizeBytes } kept { name } }
      }`,
      {
        input: {
          serverId: rig.serverId,
          names: [going.name, staying.name],
          shownAt: server.unusedVolumes.shownAt,
        },
      },
    );
    expect(pruned).toEqual({
      pruneVolumes: {
        removed: [{ name: going.name, sizeBytes: 700_000 }],
        kept: [{ name: staying.name }],
      },
    });
    const left = await listed();
    expect(left).not.toContain(going.name);
    expect(left).toContain(staying.name);
  },
};

export const volumes: readonly Comparison[] = [fields, removal, pruning];
