import { expect } from 'vitest';
import { docker } from '../../../testing/docker.ts';
import { freshImage, registry } from '../../../testing/registry.ts';
import { cliJson, type Comparison } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

interface Inspected {
  readonly Id: string;
  readonly RepoDigests: readonly string[];
}

async function holdPull(rig: DockerRig): Promise<void> {
  await using hub = await registry();
  const fresh = await freshImage();
  const reference = await hub.push(fresh, 'team/compared:1');
  await docker('rmi', fresh);
  try {
    const { pullImage } = await rig.query<{ pullImage: { job: { id: string } } }>(
      `mutation ($serverId: ID!) { pullImage(input: { serverId: $serverId, reference: "${reference}" }) { job { id } } }`,
    );
    await using events = rig.client.subscribe<{ jobEvents: { job: { state: string; result: unknown } } }>(
      'subscription ($id: ID!) { jobEvents(id: $id) { job { state result } } }',
      { id: pullImage.job.id },
    );
    const { jobEvents } = await events.next(({ jobEvents: { job } }) => job.state === 'SUCCEEDED', 'its end');
    const [told] = await cliJson<[Inspected]>('image', 'inspect', reference);
    expect(jobEvents.job.result).toEqual({ id: told.Id, digests: told.RepoDigests });
  } finally {
    await docker('rmi', reference);
  }
}

export const pulls: readonly Comparison[] = [
  {
    title: 'what a pull brought is what the command then has',
    covers: ['Mutation.pullImage'],
    run: holdPull,
  },
];
