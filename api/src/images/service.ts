import type { Asker } from '../agents/asker.ts';
import type { AgentService } from '../agents/service.ts';
import type { Registries } from '../registries/service.ts';
import { allPages } from '../agents/all-pages.ts';
import { seenServers } from '../agents/seen-servers.ts';
import { askEach, type Asked } from '../agents/ask-each.ts';
import type { Sees } from '../access/sees.ts';
import type { Database } from '../database/database.ts';
import { ServerKitError } from '../errors.ts';
import type {
  ImageDetailsQuery,
  ImageFieldsFragment,
  ImageHistoryQuery,
  ImagePruneExtent,
  ImagePrunePreviewQuery,
  PruneImagesMutation,
  RemoveImageMutation,
} from '../generated/agent/graphql.ts';
import {
  ImageDetailsDocument,
  ImageHistoryDocument,
  ImagePrunePreviewDocument,
  ImagesDocument,
  PruneImagesDocument,
  RemoveImageDocument,
  TagImageDocument,
} from './operations.ts';
import { imageUpdates, type ImageUpdate, type UpdateAsker } from './updates.ts';

export { imagePull } from './jobs.ts';
export { pull } from './pull.ts';

/** An image together with where it is. */
export interface SeenImage {
  readonly serverId: string;
  readonly image: ImageFieldsFragment;
}

export type ImageDetails = NonNullable<ImageDetailsQuery['image']>;
export type ImageStep = ImageHistoryQuery['imageHistory'][number];
export type PrunePreview = ImagePrunePreviewQuery['imagePrunePreview'];
export type PruneResult = PruneImagesMutation['pruneImages'];
export type RemovedImage = RemoveImageMutation['removeImage'];
export type PruneExtent = ImagePruneExtent;

/** One of a preview, by what was shown of it. */
export interface PruneTarget {
  readonly id: string;
  readonly tags: readonly string[];
}

const read = { scopes: ['docker:images:read'], timeoutMs: 10_000 } as const;
/** A preview inspects every image. Milliseconds. */
const previewMs = 60_000;
/** Deleting many large layers. Milliseconds. */
const removeMs = 180_000;
const pruneMs = 600_000;
/** Of what goes on record. Characters. */
const longestNames = 4_000;
/** How long a list of the fleet waits for the slowest server. Milliseconds. */
const fleetMs = 5_000;

/** Images, which live on servers: nothing of them is kept here. */
export class Images {
  readonly #agents: AgentService;
  readonly #db: Database;
  readonly #registries: Registries;

  constructor(db: Database, agents: AgentService, registries: Registries) {
    this.#db = db;
    this.#agents = agents;
    this.#registries = registries;
  }

  /** @throws ServerKitError AGENT_OFFLINE, DOCKER_UNAVAILABLE, … */
  async list(serverId: string, actor: string): Promise<SeenImage[]> {
    const link = this.#agents.links.require(serverId);
    const images = await allPages(
      async (after) => (await link.run(ImagesDocument, { after }, { actor, ...read })).images,
    );
    return images.map((image) => ({ serverId, image }));
  }

  /** Images of every server that is seen, or of those named, and why there are none of some. Servers by name. */
  async fleet(serverIds: readonly string[] | null, sees: Sees, actor: string): Promise<Asked<SeenImage[]>[]> {
    const ids = await seenServers(this.#db, serverIds, sees);
    return askEach(ids, fleetMs, (id) => this.list(id, actor));
  }

  /** @returns null when there is no such image @throws ServerKitError as {@link list} */
  async details(serverId: string, reference: string, actor: string): Promise<ImageDetails | null> {
    const link = this.#agents.links.require(serverId);
    return (await link.run(ImageDetailsDocument, { reference }, { actor, ...read })).image;
  }

  /** Newest step first. @throws ServerKitError as {@link list}, and NOT_FOUND */
  async history(serverId: string, reference: string, actor: string): Promise<ImageStep[]> {
    const link = this.#agents.links.require(serverId);
    return (await link.run(ImageHistoryDocument, { reference }, { actor, ...read })).imageHistory;
  }

  /** What would go now. @throws ServerKitError as {@link list} */
  async prunePreview(serverId: string, extent: PruneExtent, actor: string): Promise<PrunePreview> {
    const link = this.#agents.links.require(serverId);
    const call = { actor, ...read, timeoutMs: previewMs };
    return (await link.run(ImagePrunePreviewDocument, { extent }, call)).imagePrunePreview;
  }

  /** Whether registries have something newer under these tags. @throws ServerKitError AGENT_OFFLINE */
  updates(serverId: string, references: readonly string[], asker: UpdateAsker): Promise<ImageUpdate[]> {
    const needs = { agents: this.#agents, registries: this.#registries };
    return imageUpdates(needs, serverId, references, asker);
  }

  /** @throws ServerKitError AGENT_OFFLINE, AGENT_REFUSED, NOT_FOUND, INPUT_INVALID, OUTCOME_UNKNOWN, … */
  async tag(serverId: string, reference: string, target: string, asker: Asker): Promise<SeenImage> {
    const answer = await this.#agents.commands.run({
      ...this.#command(serverId, 'image.tag', reference, asker),
      parameters: { name: target },
      document: TagImageDocument,
      variables: { reference, target },
    });
    if (answer) return { serverId, image: answer.tagImage };
    // Done, and the answer lost: what it is now is asked for.
    const details = await this.details(serverId, target, 'system');
    if (!details) throw lost();
    return { serverId, image: details.image };
  }

  /** @throws ServerKitError as {@link tag}, and CONFLICT when it is in use */
  async remove(serverId: string, reference: string, force: boolean, asker: Asker): Promise<RemovedImage> {
    const answer = await this.#agents.commands.run({
      ...this.#command(serverId, 'image.remove', reference, asker),
      parameters: { force },
      document: RemoveImageDocument,
      variables: { reference, force },
      timeoutMs: removeMs,
    });
    return answer?.removeImage ?? { untagged: [], deletedIds: [] };
  }

  /** Removes of a preview what still is as it was shown. @throws ServerKitError as {@link tag} */
  async prune(
    serverId: string,
    extent: PruneExtent,
    targets: readonly PruneTarget[],
    asker: Asker,
  ): Promise<PruneResult> {
    const { target: _none, ...command } = this.#command(serverId, 'image.prune', '', asker);
    const answer = await this.#agents.commands.run({
      ...command,
      parameters: {
        extent,
        images: targets.length,
        names: targets
          .flatMap(({ tags }) => tags)
          .join(' ')
          .slice(0, longestNames),
      },
      document: PruneImagesDocument,
      variables: { extent, images: targets.map(({ id, tags }) => ({ id, tags: [...tags] })) },
      timeoutMs: pruneMs,
    });
    if (!answer) throw lost();
    return answer.pruneImages;
  }

  #command(serverId: string, action: string, reference: string, { actor, signal }: Asker) {
    return {
      serverId,
      actor,
      signal,
      action,
      target: { kind: 'image', id: reference },
      scope: 'docker:images:write',
    } as const;
  }
}

/** It was carried out, but how it ended in detail went with the link. */
function lost(): ServerKitError {
  return new ServerKitError(
    'OUTCOME_UNKNOWN',
    'It was done, but the link broke before the answer came. Look at the list of images.',
  );
}
