import type { Engine } from '../docker/engine.ts';
import { array, object, text } from '../docker/json.ts';
import { asObject } from '../docker/labels.ts';
import { resolve } from '../docker/reference.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { networkOf, usersOf } from './mapping.ts';
import type { Connection, KeptNetwork, Network, NewNetwork, PrunedNetworks } from './network.ts';

/** By name. @throws AgentError */
export async function listNetworks(engine: Engine): Promise<Network[]> {
  const [networks, containers] = await Promise.all([
    engine.get('/networks'),
    engine.get('/containers/json', { all: true }),
  ]);
  const users = usersOf(containers);
  return array(networks)
    .map(object)
    .map((entry) => networkOf(entry, users({ id: text(entry['Id']), name: text(entry['Name']) })))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
}

/** By full id, name, or 12 or more digits of an id. @throws AgentError NOT_FOUND, or CONFLICT for two that fit */
export async function findNetwork(engine: Engine, reference: string): Promise<Network> {
  return resolve(reference, await listNetworks(engine), 'network');
}

/** The engine would make a second one of the same name; here that is a conflict. @throws AgentError */
export async function createNetwork(
  engine: Engine,
  given: NewNetwork,
  signal: AbortSignal,
): Promise<Network> {
  const taken = (await listNetworks(engine)).some(({ name }) => name === given.name);
  if (taken) throw new AgentError('CONFLICT', `There is a network called ${given.name} already.`);
  throwIfAborted(signal);
  const made = object(
    await engine.call('POST', '/networks/create', {
      body: {
        Name: given.name,
        CheckDuplicate: true,
        Driver: given.driver,
        Internal: given.internal,
        Attachable: given.attachable,
        EnableIPv6: given.ipv6,
        IPAM: {
          Config: given.subnets.map(({ subnet, gateway, ipRange }) => ({
            Subnet: subnet,
            ...(gateway !== '' && { Gateway: gateway }),
            ...(ipRange !== '' && { IPRange: ipRange }),
          })),
        },
        Options: asObject(given.options),
        Labels: asObject(given.labels),
      },
    }),
  );
  return findNetwork(engine, text(made['Id']));
}

/** @returns the network that is gone @throws AgentError CONFLICT while a container is in it */
export async function removeNetwork(
  engine: Engine,
  reference: string,
  signal: AbortSignal,
): Promise<Network> {
  const network = await findNetwork(engine, reference);
  throwIfAborted(signal);
  await engine.delete(`/networks/${network.id}`);
  return network;
}

/** Those that no container is in, not even a stopped one: the engine's own prune would take the network of that. */
export async function unusedNetworks(engine: Engine): Promise<Network[]> {
  return (await listNetworks(engine)).filter(({ builtIn, users }) => !builtIn && users.length === 0);
}

/** Removes exactly these of the networks that no container is in. @throws AgentError */
export async function pruneNetworks(
  engine: Engine,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<PrunedNetworks> {
  const networks = new Map((await listNetworks(engine)).map((network) => [network.id, network]));
  const removed: Network[] = [];
  const kept: KeptNetwork[] = [];
  for (const id of new Set(ids)) {
    const network = networks.get(id);
    const reason = await pruneOne(engine, network, signal);
    if (network && reason === undefined) removed.push(network);
    else kept.push({ id, name: network?.name ?? '', reason: reason ?? '' });
  }
  return { removed, kept };
}

async function pruneOne(
  engine: Engine,
  network: Network | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!network) return 'It is gone already.';
  const [user] = network.users;
  if (user) return `${user.containerName} is in it by now.`;
  throwIfAborted(signal);
  try {
    await engine.delete(`/networks/${network.id}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof AgentError) || error.code === 'DOCKER_UNAVAILABLE') throw error;
    return error.message;
  }
}

/** @param container - by full id @throws AgentError CONFLICT when it is in the network already */
export async function connectContainer(
  engine: Engine,
  { network, container, aliases, ipv4, ipv6 }: Connection,
  signal: AbortSignal,
): Promise<void> {
  throwIfAborted(signal);
  await engine.call('POST', `/networks/${network}/connect`, {
    body: {
      Container: container,
      EndpointConfig: {
        Aliases: aliases,
        ...((ipv4 !== '' || ipv6 !== '') && { IPAMConfig: { IPv4Address: ipv4, IPv6Address: ipv6 } }),
      },
    },
  });
}

/** @throws AgentError CONFLICT when it is not in the network */
export async function disconnectContainer(
  engine: Engine,
  { network, container }: Pick<Connection, 'network' | 'container'>,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<void> {
  throwIfAborted(signal);
  await engine.call('POST', `/networks/${network}/disconnect`, {
    body: { Container: container, Force: force },
  });
}
