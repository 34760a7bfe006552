import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Sees } from '../access/sees.ts';
import { allPages } from '../agents/all-pages.ts';
import { askEach, type Asked } from '../agents/ask-each.ts';
import type { Asker } from '../agents/asker.ts';
import { seenServers } from '../agents/seen-servers.ts';
import type { AgentService } from '../agents/service.ts';
import type { Database } from '../database/database.ts';
import { notFound } from '../errors.ts';
import type {
  CreateNetworkMutationVariables,
  NetworkFieldsFragment,
  PruneNetworksMutation,
  UnusedNetworksQuery,
} from '../generated/agent/graphql.ts';
import {
  ConnectNetworkDocument,
  CreateNetworkDocument,
  DisconnectNetworkDocument,
  NetworkDocument,
  NetworksDocument,
  PruneNetworksDocument,
  RemoveNetworkDocument,
  UnusedNetworksDocument,
} from './operations.ts';

/** A network and where it is. */
export interface SeenNetwork {
  readonly serverId: string;
  readonly network: NetworkFieldsFragment;
}

export type NewNetwork = CreateNetworkMutationVariables;
export type NamedNetwork = UnusedNetworksQuery['unusedNetworks'][number];
export type PrunedNetworks = PruneNetworksMutation['pruneNetworks'];

/** A network and a container, each by id or name. */
export interface Pair {
  readonly serverId: string;
  readonly networkId: string;
  readonly containerId: string;
}

export interface Endpoint {
  /** Names that the other containers of the network know it by. */
  readonly aliases: readonly string[];
  /** Empty for one of the network's choice. */
  readonly ipv4: string;
  readonly ipv6: string;
}

const read = 'docker:networks:read';
const write = 'docker:networks:write';
/** How long a list waits for one agent. Milliseconds. */
const listMs = 5_000;

/** The Docker networks of servers, asked of their agents each time: nothing of them is kept here. */
export class Networks {
  readonly #db: Database;
  readonly #agents: AgentService;

  constructor({ db, agents }: { readonly db: Database; readonly agents: AgentService }) {
    this.#db = db;
    this.#agents = agents;
  }

  /** By name. @throws ServerKitError AGENT_OFFLINE, DOCKER_UNAVAILABLE, … */
  async list(serverId: string, actor: string): Promise<SeenNetwork[]> {
    const link = this.#agents.links.require(serverId);
    const call = { actor, scopes: [read], timeoutMs: listMs } as const;
    const networks = await allPages(
      async (after) => (await link.run(NetworksDocument, { after }, call)).networks,
    );
    return networks.map((network) => ({ serverId, network }));
  }

  /** Those of every server that is seen, or of those named, and why there are none of some. Servers by name. */
  async fleet(
    serverIds: readonly string[] | null,
    sees: Sees,
    actor: string,
  ): Promise<Asked<SeenNetwork[]>[]> {
    const ids = await seenServers(this.#db, serverIds, sees);
    return askEach(ids, listMs, (id) => this.list(id, actor));
  }

  /** @throws ServerKitError AGENT_OFFLINE, DOCKER_UNAVAILABLE, … */
  async find(serverId: string, id: string, actor: string): Promise<SeenNetwork | null> {
    const link = this.#agents.links.require(serverId);
    const call = { actor, scopes: [read], timeoutMs: listMs } as const;
    const { network } = await link.run(NetworkDocument, { id }, call);
    return network ? { serverId, network } : null;
  }

  async unused(serverId: string, actor: string): Promise<readonly NamedNetwork[]> {
    const link = this.#agents.links.require(serverId);
    const call = { actor, scopes: [read], timeoutMs: listMs } as const;
    return (await link.run(UnusedNetworksDocument, {}, call)).unusedNetworks;
  }

  /**
   * @param heldScopes - of those that a network beyond the usual takes
   * @throws ServerKitError CONFLICT, PERMISSION_DENIED, AGENT_OFFLINE, …
   */
  async create(
    serverId: string,
    given: NewNetwork,
    { actor, signal, heldScopes }: Asker & { readonly heldScopes: readonly AgentScope[] },
  ): Promise<SeenNetwork> {
    const { name, driver, internal } = given;
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'network.create',
      target: { kind: 'network', id: name, name },
      scope: write,
      heldScopes,
      document: CreateNetworkDocument,
      variables: given,
      parameters: { driver, internal },
    });
    return this.#after(serverId, name, answer);
  }

  /** @throws ServerKitError CONFLICT while a container is in it, … */
  async remove(serverId: string, id: string, { actor, signal }: Asker): Promise<void> {
    await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'network.remove',
      target: { kind: 'network', id },
      scope: write,
      document: RemoveNetworkDocument,
      variables: { id },
    });
  }

  /** @returns null when it was done and what it did was lost with the link */
  async prune(serverId: string, ids: readonly string[], asker: Asker): Promise<PrunedNetworks | null> {
    const { actor, signal } = asker;
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'network.prune',
      scope: write,
      document: PruneNetworksDocument,
      variables: { ids: [...ids] },
      parameters: { count: ids.length, ids: ids.join(' ').slice(0, 4_000) },
    });
    return answer?.pruneNetworks ?? null;
  }

  /**
   * @param heldScopes - of those that a container or network beyond the usual takes
   * @throws ServerKitError CONFLICT when it is in there already, PERMISSION_DENIED, …
   */
  async connect(
    pair: Pair,
    endpoint: Endpoint,
    { actor, signal, heldScopes }: Asker & { readonly heldScopes: readonly AgentScope[] },
  ): Promise<SeenNetwork> {
    const { serverId, networkId, containerId } = pair;
    const { aliases, ipv4, ipv6 } = endpoint;
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'network.connect',
      target: { kind: 'network', id: networkId },
      scope: write,
      heldScopes,
      document: ConnectNetworkDocument,
      variables: { networkId, containerId, aliases: [...aliases], ipv4, ipv6 },
      parameters: { containerId, aliases: aliases.join(' '), ipv4, ipv6 },
    });
    return this.#after(serverId, networkId, answer);
  }

  /** @throws ServerKitError CONFLICT when it is not in there, … */
  async disconnect(pair: Pair, force: boolean, { actor, signal }: Asker): Promise<SeenNetwork> {
    const { serverId, networkId, containerId } = pair;
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'network.disconnect',
      target: { kind: 'network', id: networkId },
      scope: write,
      document: DisconnectNetworkDocument,
      variables: { networkId, containerId, force },
      parameters: { containerId, force },
    });
    return this.#after(serverId, networkId, answer);
  }

  /** What it is like now, asked for where the answer was lost with the link. */
  async #after(
    serverId: string,
    id: string,
    answer: { readonly network: NetworkFieldsFragment } | null,
  ): Promise<SeenNetwork> {
    const seen = answer ? { serverId, network: answer.network } : await this.find(serverId, id, 'system');
    if (!seen) throw notFound('network', id);
    return seen;
  }
}
