import { expect } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../../testing/docker.ts';
import { cliJson, hold, namesOf, type Comparison, type Truths } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

interface Endpoint {
  readonly IPv4Address: string;
  readonly MacAddress: string;
}

/** What `docker network inspect` prints, and the container in it. */
interface Told {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly Created: string;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Config: readonly {
      readonly Subnet: string;
      readonly Gateway: string;
      readonly IPRange: string;
    }[];
  };
  readonly Labels: Readonly<Record<string, string>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly Containers: Readonly<Record<string, Endpoint>>;
  readonly user: TestContainer;
}

const pairs = (object: Readonly<Record<string, string>>): unknown =>
  expect.arrayContaining(Object.entries(object).map(([key, value]) => ({ key, value })));

const truths: Truths<Told> = {
  id: ({ Id }) => Id,
  name: ({ Name }) => Name,
  driver: ({ Driver }) => Driver,
  scope: ({ Scope }) => Scope,
  createdAt: ({ Created }) => new Date(Created).toISOString(),
  internal: ({ Internal }) => Internal,
  attachable: ({ Attachable }) => Attachable,
  ipv6: ({ EnableIPv6 }) => EnableIPv6,
  builtIn: () => false,
  subnets: ({ IPAM }) =>
    IPAM.Config.map(({ Subnet, Gateway, IPRange }) => ({
      subnet: Subnet,
      gateway: Gateway,
      ipRange: IPRange,
    })),
  labels: ({ Labels }) => pairs(Labels),
  options: ({ Options }) => pairs(Options),
  users: ({ user, Containers }) => [
    {
      containerId: user.id,
      containerName: user.name,
      running: true,
      ipv4: Containers[user.id]?.IPv4Address.split('/')[0],
      ipv6: '',
      mac: Containers[user.id]?.MacAddress,
    },
  ],
};

const userFields = ['containerId', 'containerName', 'running', 'ipv4', 'ipv6', 'mac'];
const subnetFields = ['subnet', 'gateway', 'ipRange'];
const text = `id name driver scope createdAt internal attachable ipv6 builtIn labels { key value }
  options { key value } subnets { ${subnetFields.join(' ')} } users { ${userFields.join(' ')} }`;

/** Subnets of tests, so that none takes a subnet of the host. */
let next = 0;
const prefixOf = (): string => `10.214.${(process.pid + next++) % 256}`;

interface Made extends AsyncDisposable {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
}

/** Makes one by the API; the command removes it, should the API not have. */
async function made(rig: DockerRig): Promise<Made> {
  const name = uniqueName();
  const prefix = prefixOf();
  const { createNetwork } = await rig.query<{ createNetwork: { network: { id: string } } }>(
    `mutation Make($input: CreateNetworkInput!) { createNetwork(input: $input) { network { id } } }`,
    {
      input: {
        serverId: rig.serverId,
        name,
        internal: true,
        attachable: true,
        subnets: [{ subnet: `${prefix}.0/24`, gateway: `${prefix}.1`, ipRange: `${prefix}.128/25` }],
        options: [{ key: 'com.docker.network.driver.mtu', value: '1400' }],
        labels: [{ key: 'serverkit.test', value: '1' }],
      },
    },
  );
  const { id } = createNetwork.network;
  const remove = async (): Promise<void> => {
    await docker('network', 'rm', id).catch((error: unknown) => {
      if (!/not found/i.test(String(error))) throw error;
    });
  };
  return { id, name, prefix, [Symbol.asyncDispose]: remove };
}

async function inspected(name: string): Promise<Omit<Told, 'user'>> {
  const [told] = await cliJson<Omit<Told, 'user'>[]>('network', 'inspect', name);
  if (!told) throw new Error('the command told nothing');
  return told;
}

const listed = async (): Promise<string[]> =>
  (await docker('network', 'ls', '--quiet', '--no-trunc')).trim().split('\n');

const fields: Comparison = {
  title: 'a network is made, joined, listed and left as docker network inspect tells',
  covers: [
    ...namesOf('Network', truths),
    ...userFields.map((field) => `NetworkUser.${field}`),
    ...subnetFields.map((field) => `Subnet.${field}`),
    'Mutation.connectNetwork',
    'Mutation.createNetwork',
    'Mutation.disconnectNetwork',
    'NetworkConnection.nodes',
    'NetworkPayload.network',
    'Query.networks',
  ],
  async run(rig) {
    await using own = await made(rig);
    await using user = await container();
    const pair = { serverId: rig.serverId, networkId: own.name, containerId: user.name };
    const connected = await rig.query<{ connectNetwork: { network: object } }>(
      `mutation Connect($input: ConnectNetworkInput!) { connectNetwork(input: $input) { network { ${text} } } }`,
      { input: { ...pair, aliases: ['db'], ipv4: `${own.prefix}.200` } },
    );
    const told: Told = { ...(await inspected(own.id)), user };
    expect(told.Containers[user.id]?.IPv4Address).toBe(`${own.prefix}.200/24`);
    const answer = await rig.query<{
      server: { network: object; networks: { id: string }[] };
      networks: { nodes: { id: string }[] };
    }>(
      `query Compared($serverId: ID!, $id: ID!) {
        server(id: $serverId) { network(id: $id) { ${text} } networks { ${text} } }
        networks(first: 500, filter: { inUse: true }) { nodes { ${text} } }
      }`,
      { id: own.id },
    );
    const { network, networks } = answer.server;
    const all = [networks, answer.networks.nodes].map((list) => list.find(({ id }) => id === own.id));
    for (const one of [connected.connectNetwork.network, network, ...all]) hold(one, truths, told);
    await rig.query(
      `mutation Leave($input: DisconnectNetworkInput!) {
        disconnectNetwork(input: $input) { network { users { containerId } } }
      }`,
      { input: pair },
    );
    expect((await inspected(own.id)).Containers).toEqual({});
  },
};

const removal: Comparison = {
  title: 'networks that are removed or pruned are gone for the command as well, and no others',
  covers: [
    'KeptNetwork.id',
    'KeptNetwork.name',
    'Mutation.pruneNetworks',
    'Mutation.removeNetwork',
    'NamedNetwork.id',
    'NamedNetwork.name',
    'PruneNetworksPayload.kept',
    'PruneNetworksPayload.removed',
    'RemoveNetworkPayload.removedNetworkId',
  ],
  async run(rig) {
    await using going = await made(rig);
    await using unused = await made(rig);
    await using staying = await made(rig);
    await using _user = await container({ options: ['--network', staying.name], start: false });
    const { serverId } = rig;
    const removed = await rig.query(
      `mutation Remove($input: RemoveNetworkInput!) { removeNetwork(input: $input) { removedNetworkId } }`,
      { input: { serverId, networkId: going.id } },
    );
    expect(removed).toEqual({ removeNetwork: { removedNetworkId: going.id } });
    const { server } = await rig.query<{ server: { unusedNetworks: { id: string }[] } }>(
      `query Unused($serverId: ID!) { server(id: $serverId) { unusedNetworks { id name } } }`,
    );
    const shown = server.unusedNetworks.map(({ id }) => id);
    expect(shown).toContain(unused.id);
    expect(shown).not.toContain(staying.id);
    const pruned = await rig.query(
      `mutation Prune($input: PruneNetworksInput!) {
        pruneNetworks(input: $input) { removed { id name } kept { id name } }
      }`,
      { input: { serverId, networkIds: [unused.id, staying.id] } },
    );
    expect(pruned).toEqual({
      pruneNetworks: {
        removed: [{ id: unused.id, name: unused.name }],
        kept: [{ id: staying.id, name: staying.name }],
      },
    });
    const left = await listed();
    expect(left).toContain(staying.id);
    expect(left).not.toContain(going.id);
    expect(left).not.toContain(unused.id);
  },
};

export const networks: readonly Comparison[] = [fields, removal];
