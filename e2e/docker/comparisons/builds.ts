import { expect } from 'vitest';
import { docker, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { registry } from '../../../testing/registry.ts';
import { cliJson, type Comparison } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

interface Ended {
  readonly jobEvents: {
    readonly job: { readonly state: string; readonly result: unknown; readonly finishedAt: string | null };
  };
}

async function resultOf({ client }: DockerRig, id: string): Promise<unknown> {
  await using events = client.subscribe<Ended>(
    'subscription ($id: ID!) { jobEvents(id: $id) { job { state result finishedAt } } }',
    { id },
  );
  const { jobEvents } = await events.next(({ jobEvents: { job } }) => job.finishedAt !== null, 'its end');
  expect(jobEvents.job.state).toBe('SUCCEEDED');
  return jobEvents.job.result;
}

async function holdBuild(rig: DockerRig): Promise<void> {
  const tag = `${uniqueName()}:1`;
  const dockerfile = `FROM ${testImages.busybox}\nARG GREETING\nLABEL greeting=$GREETING\nRUN echo built > /built\n`;
  try {
    const { buildImage } = await rig.query<{ buildImage: { job: { id: string } } }>(
      `mutation ($serverId: ID!, $tag: String!, $dockerfile: String!) {
        buildImage(input: {
          serverId: $serverId, tag: $tag, dockerfile: $dockerfile, arguments: [{ name: "GREETING", value: "hello" }]
        }) { job { id } }
      }`,
      { tag, dockerfile },
    );
    const result = await resultOf(rig, buildImage.job.id);
    const [told] = await cliJson<[{ Id: string; Config: { Labels: Record<string, string> } }]>(
      'image',
      'inspect',
      tag,
    );
    expect(result).toEqual({ id: told.Id, tag });
    expect(told.Config.Labels['greeting']).toBe('hello');
  } finally {
    await docker('rmi', '--force', tag);
  }
}

async function holdPush(rig: DockerRig): Promise<void> {
  await using hub = await registry();
  const reference = `${hub.address}/team/pushed:1`;
  await docker('tag', testImages.busybox, reference);
  try {
    const { pushImage } = await rig.query<{ pushImage: { job: { id: string } } }>(
      'mutation ($serverId: ID!, $reference: String!) { pushImage(input: { serverId: $serverId, reference: $reference }) { job { id } } }',
      { reference },
    );
    const result = await resultOf(rig, pushImage.job.id);
    const [{ RepoDigests }] = await cliJson<[{ RepoDigests: string[] }]>('image', 'inspect', reference);
    expect(RepoDigests.map((digest) => ({ digest: digest.split('@')[1] }))).toContainEqual(result);
  } finally {
    await docker('rmi', reference);
  }
}

export const builds: readonly Comparison[] = [
  {
    title: 'what a build made is what the command then has',
    covers: ['Mutation.buildImage'],
    run: holdBuild,
  },
  {
    title: 'what a push brought has the digest that the command tells',
    covers: ['Mutation.pushImage'],
    run: holdPush,
  },
];
