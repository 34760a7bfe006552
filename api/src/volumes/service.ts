import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Sees } from '../access/sees.ts';
import { allPages } from '../agents/all-pages.ts';
import { askEach, type Asked } from '../agents/ask-each.ts';
import type { Asker } from '../agents/asker.ts';
import { seenServers } from '../agents/seen-servers.ts';
import type { AgentService } from '../agents/service.ts';
import type { Database } from '../database/database.ts';
import { ServerKitError } from '../errors.ts';
import type {
  PruneVolumesMutation,
  UnusedVolumesQuery,
  VolumeFieldsFragment,
  VolumeSizesQuery,
} from '../generated/agent/graphql.ts';
import {
  CreateVolumeDocument,
  PruneVolumesDocument,
  RemoveVolumeDocument,
  UnusedVolumesDocument,
  VolumeDocument,
  VolumesDocument,
  VolumeSizesDocument,
} from './operations.ts';

/** A volume and where it is. */
export interface SeenVolume {
  readonly serverId: string;
  readonly volume: VolumeFieldsFragment;
}

export type VolumeSizes = VolumeSizesQuery['volumeSizes'];
export type UnusedVolumes = UnusedVolumesQuery['unusedVolumes'];
export type PrunedVolumes = PruneVolumesMutation['pruneVolumes'];

export interface NewVolume {
  readonly name: string;
  readonly driver: string;
  readonly options: readonly { readonly key: string; readonly value: string }[];
  readonly labels: readonly { readonly key: string; readonly value: string }[];
}

const read = 'docker:volumes:read';
/** How long a list waits for one agent. Milliseconds. */
const listMs = 5_000;
/** The engine reads every file of every volume. Milliseconds. */
const measureMs = 10 * 60_000;
/** To delete many files. Milliseconds. */
const deleteMs = 150_000;

/** The volumes of servers, asked of their agents each time: nothing of them is kept here. */
export class Volumes {
  readonly #db: Database;
  readonly #agents: AgentService;

  constructor({ db, agents }: { readonly db: Database; readonly agents: AgentService }) {
    this.#db = db;
    this.#agents = agents;
  }

  /** By name. @throws ServerKitError AGENT_OFFLINE, DOCKER_UNAVAILABLE, … */
  async list(serverId: string, actor: string): Promise<SeenVolume[]> {
    const link = this.#agents.links.require(serverId);
    const call = { actor, scopes: [read], timeoutMs: listMs } as const;
    const volumes = await allPages(
      async (after) => (await link.run(VolumesDocument, { after }, call)).volumes,
    );
    return volumes.map((volume) => ({ serverId, volume }));
  }

  /** Those of every server that is seen, or of those named, and why there are none of some. Servers by name. */
  async fleet(
    serverIds: readonly string[] | null,
    sees: Sees,
    actor: string,
  ): Promise<Asked<SeenVolume[]>[]> {
    const ids = await seenServers(this.#db, serverIds, sees);
    return askEach(ids, listMs, (id) => this.list(id, actor));
  }

  /** @throws ServerKitError AGENT_OFFLINE, DOCKER_UNAVAILABLE, … */
  async find(serverId: string, name: string, actor: string): Promise<SeenVolume | null> {
    const link = this.#agents.links.require(serverId);
    const { volume } = await link.run(VolumeDocument, { name }, { actor, scopes: [read], timeoutMs: listMs });
    return volume ? { serverId, volume } : null;
  }

  /** @throws ServerKitError AGENT_TIMEOUT while a first measurement goes on, … */
  async sizes(serverId: string, actor: string): Promise<VolumeSizes> {
    const link = this.#agents.links.require(serverId);
    return (await link.run(VolumeSizesDocument, {}, { actor, scopes: [read], timeoutMs: measureMs }))
      .volumeSizes;
  }

  async unused(serverId: string, named: boolean, actor: string): Promise<UnusedVolumes> {
    const link = this.#agents.links.require(serverId);
    return (await link.run(UnusedVolumesDocument, { named }, { actor, scopes: [read], timeoutMs: measureMs }))
      .unusedVolumes;
  }

  /**
   * @param heldScopes - of those that a volume beyond the usual takes
   * @throws ServerKitError CONFLICT, PERMISSION_DENIED, AGENT_OFFLINE, …
   */
  async create(
    serverId: string,
    given: NewVolume,
    { actor, signal, heldScopes }: Asker & { readonly heldScopes: readonly AgentScope[] },
  ): Promise<SeenVolume> {
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'volume.create',
      target: { kind: 'volume', id: given.name, name: given.name },
      scope: 'docker:volumes:write',
      heldScopes,
      document: CreateVolumeDocument,
      variables: { ...given, options: [...given.options], labels: [...given.labels] },
      // Values of options may be passwords of network drives.
      parameters: { driver: given.driver, options: given.options.map(({ key }) => key).join(' ') },
    });
    if (answer) return { serverId, volume: answer.volume };
    const made = await this.find(serverId, given.name, 'system');
    if (!made) throw new ServerKitError('OUTCOME_UNKNOWN', 'It was made; which name it got was lost.');
    return made;
  }

  /** @throws ServerKitError CONFLICT while a container uses it, … */
  async remove(serverId: string, name: string, { actor, signal }: Asker): Promise<void> {
    await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'volume.remove',
      target: { kind: 'volume', id: name, name },
      scope: 'docker:volumes:write',
      document: RemoveVolumeDocument,
      variables: { name },
      timeoutMs: deleteMs,
    });
  }

  /** @returns null when it was done and what it did was lost with the link */
  async prune(
    serverId: string,
    names: readonly string[],
    shownAt: Date,
    { actor, signal }: Asker,
  ): Promise<PrunedVolumes | null> {
    const answer = await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'volume.prune',
      scope: 'docker:volumes:write',
      document: PruneVolumesDocument,
      variables: { names: [...names], shownAt: shownAt.getTime() },
      parameters: { count: names.length, names: names.join(' ').slice(0, 4_000) },
      timeoutMs: measureMs,
    });
    return answer?.pruneVolumes ?? null;
  }
}
