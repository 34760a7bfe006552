import { expect } from 'vitest';
import { image, type TestImage } from '../../../agent/src/images/testing.ts';
import { container, docker, uniqueName } from '../../../testing/docker.ts';
import { cliJson, hold, namesOf, type Comparison, type Truths } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

/** What `docker image inspect` prints, as far as it is compared. */
interface Inspected {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Created: string;
  readonly Size: number;
  readonly Author: string;
  readonly Comment: string;
  readonly Architecture: string;
  readonly Os: string;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: {
    readonly User: string;
    readonly WorkingDir: string;
    readonly StopSignal: string;
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Env: readonly string[];
    readonly ExposedPorts: object;
    readonly Volumes: object;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
}

/** Of an image that one container was made from. */
interface Told extends Inspected {
  readonly user: { readonly id: string; readonly name: string };
}

const imageTruths: Truths<Told> = {
  id: ({ Id }) => Id,
  tags: ({ RepoTags }) => RepoTags.toSorted(),
  digests: ({ RepoDigests }) => RepoDigests,
  dangling: ({ RepoTags }) => RepoTags.length === 0,
  // The list of the engine tells whole seconds.
  createdAt: ({ Created }) => new Date(Math.floor(Date.parse(Created) / 1000) * 1000).toISOString(),
  sizeBytes: ({ Size }) => Size,
  labels: ({ Config }): unknown =>
    expect.arrayContaining(Object.entries(Config.Labels).map(([key, value]) => ({ key, value }))),
  containers: ({ user }) => [{ containerId: user.id, name: user.name, running: true }],
};

const detailsTruths: Truths<Told> = {
  architecture: ({ Architecture }) => Architecture,
  author: ({ Author }) => Author,
  command: ({ Config }) => Config.Cmd,
  comment: ({ Comment }) => Comment,
  entrypoint: ({ Config }) => Config.Entrypoint,
  environmentNames: ({ Config }) => Config.Env.map((variable) => variable.split('=')[0]),
  exposedPorts: ({ Config }) => Object.keys(Config.ExposedPorts),
  healthcheck: ({ Config }) => Config.Healthcheck.Test,
  inspectJson: ({ Id }) => expect.stringContaining(Id) as unknown,
  layers: ({ RootFS }) => RootFS.Layers.length,
  os: ({ Os }) => Os,
  stopSignal: ({ Config }) => Config.StopSignal,
  user: ({ Config }) => Config.User,
  volumes: ({ Config }) => Object.keys(Config.Volumes),
  workingDir: ({ Config }) => Config.WorkingDir,
};

const imageText = `id tags digests dangling createdAt sizeBytes labels { key value }
  containers { containerId name running }`;

const fields: Comparison = {
  title: 'an image, in lists and in depth, is what docker image inspect tells',
  covers: [
    ...namesOf('Image', imageTruths),
    ...namesOf('ImageDetails', detailsTruths),
    ...['containerId', 'name', 'running'].map((field) => `ImageUser.${field}`),
    'Image.details',
    'ImageConnection.nodes',
    'Query.images',
  ],
  async run(rig) {
    await using own = await image([
      'LABEL colour="a \\"blue\\" one"',
      'MAINTAINER ada',
      'ENV COLOUR=blue',
      'EXPOSE 80/tcp',
      'VOLUME /data',
      'USER 1000',
      'WORKDIR /srv',
      'STOPSIGNAL SIGINT',
      'HEALTHCHECK CMD true',
      'ENTRYPOINT ["sh", "-c"]',
      'CMD ["trap exit TERM; sleep infinity & wait"]',
    ]);
    await using box = await container({ image: own.tag, command: [] });
    const [inspected] = await cliJson<Inspected[]>('image', 'inspect', own.tag);
    if (!inspected) throw new Error('the command told nothing');
    const told: Told = { ...inspected, user: box };
    const answer = await rig.query<{
      server: { images: { id: string }[]; image: { details: object } & object };
      images: { nodes: { id: string }[] };
    }>(
      `query Compared($serverId: ID!, $reference: String!) {
        server(id: $serverId) {
          images { ${imageText} }
          image(reference: $reference) {
            ${imageText}
            details { ${Object.keys(detailsTruths).join(' ')} }
          }
        }
        images(first: 500, filter: { reference: $reference }) { nodes { ${imageText} } }
      }`,
      { reference: own.tag },
    );
    const { details, ...one } = answer.server.image;
    hold(details, detailsTruths, told);
    expect(answer.images.nodes).toHaveLength(1);
    const lists = [answer.server.images, answer.images.nodes].map((list) =>
      list.find(({ id }) => id === own.id),
    );
    for (const seen of [one, ...lists]) hold(seen, imageTruths, told);
  },
};

const history: Comparison = {
  title: 'how an image was made is what docker history tells',
  covers: [
    'Image.history',
    ...['comment', 'createdAt', 'createdBy', 'sizeBytes', 'tags'].map((field) => `ImageStep.${field}`),
  ],
  async run(rig) {
    await using own = await image(['RUN echo one > /one', 'ENV COLOUR=blue']);
    const { server } = await rig.query<{ server: { image: { history: object[] } } }>(
      /* GraphQL */ `
        query History($serverId: ID!, $reference: String!) {
          server(id: $serverId) {
            image(reference: $reference) {
              history {
                comment
                createdAt
                createdBy
                sizeBytes
                tags
              }
            }
          }
        }
      `,
      { reference: own.tag },
    );
    const format = '{{.Size}}|{{.CreatedAt}}|{{.Comment}}|{{.CreatedBy}}';
    const printed = await docker('history', '--human=false', '--no-trunc', '--format', format, own.tag);
    const steps = printed
      .trim()
      .split('\n')
      .map((line, index) => {
        const [size, at = '', comment, ...by] = line.split('|');
        return {
          sizeBytes: Number(size),
          createdAt: new Date(at).toISOString(),
          comment,
          createdBy: by.join('|'),
          tags: index === 0 ? [own.tag] : (expect.any(Array) as unknown),
        };
      });
    expect(server.image.history).toEqual(steps);
  },
};

const names = async (own: TestImage): Promise<string[]> => {
  const [inspected] = await cliJson<Inspected[]>('image', 'inspect', own.id);
  return (inspected?.RepoTags ?? []).toSorted();
};
const isGone = async ({ id }: TestImage): Promise<boolean> =>
  docker('image', 'inspect', id).then(
    () => false,
    () => true,
  );

const changes: Comparison = {
  title: 'images get names, lose them and go, as the docker command sees it',
  covers: [
    'Mutation.tagImage',
    'Mutation.removeImage',
    'Mutation.bulkRemoveImages',
    'TagImagePayload.image',
    'RemoveImagePayload.deletedIds',
    'RemoveImagePayload.untagged',
    'BulkImageResult.ok',
  ],
  async run(rig) {
    await using own = await image(['LABEL changed=one']);
    await using other = await image(['LABEL changed=two']);
    const target = `${uniqueName()}:2`;
    const { tagImage } = await rig.query<{ tagImage: { image: { tags: string[] } } }>(
      'mutation Tag($serverId: ID!, $reference: String!, $target: String!) { tagImage(input: { serverId: $serverId, reference: $reference, target: $target }) { image { tags } } }',
      { reference: own.id, target },
    );
    expect(tagImage.image.tags).toEqual(await names(own));
    expect(tagImage.image.tags).toContain(target);
    const remove =
      'mutation Remove($serverId: ID!, $reference: String!) { removeImage(input: { serverId: $serverId, reference: $reference }) { deletedIds untagged } }';
    const first = await rig.query<{ removeImage: object }>(remove, { reference: target });
    expect(first.removeImage).toEqual({ deletedIds: [], untagged: [target] });
    expect(await names(own)).toEqual([own.tag]);
    const last = await rig.query<{ removeImage: { deletedIds: string[] } }>(remove, { reference: own.tag });
    expect(last.removeImage.deletedIds).toContain(own.id);
    expect(await isGone(own)).toBe(true);
    const { bulkRemoveImages } = await rig.query<{ bulkRemoveImages: { ok: boolean }[] }>(
      'mutation Bulk($serverId: ID!, $one: String!, $two: String!) { bulkRemoveImages(input: { targets: [{ serverId: $serverId, reference: $one }, { serverId: $serverId, reference: $two }] }) { ok } }',
      { one: other.id, two: own.id },
    );
    expect(bulkRemoveImages).toEqual([{ ok: true }, { ok: false }]);
    expect(await isGone(other)).toBe(true);
  },
};

const prunable = `id tags digests sizeBytes`;
const preview = (rig: DockerRig) =>
  rig.query<{
    server: { imagePrunePreview: { reclaimableBytes: number; images: { id: string; tags: string[] }[] } };
  }>(
    `query Preview($serverId: ID!) { server(id: $serverId) { imagePrunePreview(extent: UNUSED) { reclaimableBytes images { ${prunable} } } } }`,
  );

const pruning: Comparison = {
  title: 'a prune removes what its preview named, as the docker command sees it',
  covers: [
    'ImagePrunePreview.images',
    'ImagePrunePreview.reclaimableBytes',
    ...['digests', 'id', 'sizeBytes', 'tags'].map((field) => `PrunableImage.${field}`),
    ...['id', 'reason', 'tags'].map((field) => `KeptImage.${field}`),
    'Mutation.pruneImages',
    ...['kept', 'reclaimedBytes', 'removed'].map((field) => `PruneImagesPayload.${field}`),
  ],
  async run(rig) {
    await using own = await image(['RUN dd if=/dev/zero of=/file bs=1024 count=40 2>/dev/null']);
    await using taken = await image(['LABEL taken=meanwhile']);
    const shown = (await preview(rig)).server.imagePrunePreview;
    // Others have images on this engine: none but the two of this comparison are named.
    const images = shown.images.filter(({ id }) => [own.id, taken.id].includes(id));
    const [inspected] = await cliJson<Inspected[]>('image', 'inspect', own.id);
    const gone = { id: own.id, tags: [own.tag], digests: [], sizeBytes: inspected?.Size };
    expect(images).toContainEqual(gone);
    expect(shown.reclaimableBytes).toBeGreaterThanOrEqual(40 * 1024);
    await using _user = await container({ image: taken.tag, start: false });
    const { pruneImages } = await rig.query<{ pruneImages: object }>(
      `mutation Prune($serverId: ID!, $images: [PruneImageTarget!]!) {
        pruneImages(input: { serverId: $serverId, extent: UNUSED, images: $images }) {
          removed { ${prunable} }
          kept { id tags reason }
          reclaimedBytes
        }
      }`,
      { images: images.map(({ id, tags }) => ({ id, tags })) },
    );
    expect(pruneImages).toEqual({
      removed: [gone],
      kept: [{ id: taken.id, tags: [taken.tag], reason: 'A container was made from it meanwhile.' }],
      reclaimedBytes: 40 * 1024,
    });
    expect(await isGone(own)).toBe(true);
    expect(await isGone(taken)).toBe(false);
  },
};

export const images: readonly Comparison[] = [fields, history, changes, pruning];
