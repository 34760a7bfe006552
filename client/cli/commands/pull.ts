import {
  ImagesDocument,
  pages,
  ProposePlacementDocument,
  PullImageOnManyDocument,
  ServerKitApiError,
  type Client,
  type PlacementExclusion,
} from '../../src/node.ts';
import { flag, text, type Command } from '../command.ts';
import { usage } from '../failure.ts';
import {
  chosenServers,
  manyHelp,
  manyOptions,
  manyUsage,
  onFailureOf,
  onMany,
  parallelOf,
  type Planned,
} from '../many.ts';

/** What keeps an image from being pulled; maintenance and missing measurements do not. */
const hindrances: Readonly<Partial<Record<PlacementExclusion, string>>> = {
  OFFLINE: 'It is offline.',
  NO_DOCKER: 'Docker does not answer on it.',
  NO_SCOPE: 'You may not do it there.',
};

export const pull: Command = {
  usage: `pull IMAGE [--platform linux/arm64] ${manyUsage}`,
  summary: 'pull an image on servers, after telling which have it already',
  help: `${manyHelp}

After a failure it goes on with the others, unless --stop is given.`,
  options: { ...manyOptions, platform: { type: 'string' }, stop: { type: 'boolean' } },
  async run(run) {
    const [reference, ...more] = run.positionals;
    if (reference === undefined || more.length > 0) throw usage(`Write: serverkit ${this.usage}.`);
    const parallel = parallelOf(run, 5);
    const platform = text(run, 'platform');
    const client = run.client();
    const servers = await chosenServers(run, client);
    const { proposePlacement } = await client.request(
      ProposePlacementDocument,
      { input: { work: 'IMAGE_PULL' } },
      { signal: run.signal },
    );
    const reasons = new Map(proposePlacement.excluded.map(({ serverId, reason }) => [serverId, reason]));
    const known = await holders(
      client,
      reference,
      servers.map(({ id }) => id),
      run.signal,
    );
    const planned = servers.map((server): Planned => {
      const reason = reasons.get(server.id);
      const hindrance = reason && hindrances[reason];
      if (hindrance !== undefined) return { server, ok: false, what: hindrance };
      const has = known.get(server.id);
      if (has === undefined) return { server, ok: true, what: 'pull' };
      return { server, ok: true, what: has ? 'there already; pull what is newer' : 'pull: not there yet' };
    });
    await onMany(run, client, planned, async (chosen) => {
      const { pullImageOnMany } = await client.request(PullImageOnManyDocument, {
        input: {
          serverIds: [...chosen],
          reference,
          parallel,
          onFailure: onFailureOf(!flag(run, 'stop')),
          ...(platform !== undefined && { platform }),
        },
      });
      return pullImageOnMany.job.id;
    });
  },
};

/** Which servers have it already. One that did not tell is missing; all are where images may not be listed. */
async function holders(
  client: Client,
  reference: string,
  serverIds: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, boolean>> {
  const known = new Map(serverIds.map((id) => [id, false]));
  const filter = { serverIds: [...serverIds], reference };
  const found = pages(async (after) => {
    const { images } = await client.request(ImagesDocument, { first: 500, after, filter }, { signal });
    for (const { serverId } of images.unanswered) known.delete(serverId);
    return images;
  });
  try {
    for await (const { server } of found) known.set(server.id, true);
  } catch (error) {
    if (error instanceof ServerKitApiError && error.code === 'PERMISSION_DENIED') return new Map();
    throw error;
  }
  return known;
}
