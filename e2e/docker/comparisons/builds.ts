import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { docker, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { run } from '../../../testing/processes.ts';
import { registry } from '../../../testing/registry.ts';
import { tempDir } from '../../../testing/tmp.ts';
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

interface Built {
  readonly Config: {
    readonly Env: string[];
    readonly Cmd: string[];
    readonly Labels: Record<string, string>;
  };
  readonly RootFS: { readonly Layers: string[] };
  readonly Id: string;
}

async function sendArchive(rig: DockerRig, tag: string, content: Buffer): Promise<Response> {
  const { startImageBuild } = await rig.query<{ startImageBuild: { url: string } }>(
    `mutation ($serverId: ID!, $tag: String!, $sizeBytes: SafeInt!) {
      startImageBuild(input: {
        serverId: $serverId, tag: $tag, sizeBytes: $sizeBytes, dockerfilePath: "in/Other",
        arguments: [{ name: "GREETING", value: "hello" }]
      }) { url }
    }`,
    { tag, sizeBytes: content.length },
  );
  return fetch(`${rig.url}${startImageBuild.url}`, { method: 'PUT', body: new Uint8Array(content) });
}

/** The same archive, built by ServerKit and by the command. */
async function holdArchive(rig: DockerRig): Promise<void> {
  await using dir = await tempDir('sk-build-');
  await mkdir(dir.file('context/in'), { recursive: true });
  await writeFile(dir.file('context/in/file'), 'what is copied');
  await writeFile(
    dir.file('context/in/Other'),
    `FROM ${testImages.busybox}\nARG GREETING\nLABEL greeting=$GREETING\nCOPY in/file /copied\nCMD ["cat", "/copied"]\n`,
  );
  const archive = dir.file('context.tar.gz');
  await run('tar', ['-czf', archive, '-C', dir.file('context'), '.']);
  const content = await readFile(archive);
  const [ours, theirs] = [`${uniqueName()}:1`, `${uniqueName()}:1`];
  try {
    const refused = await sendArchive(rig, theirs, Buffer.from('FROM busybox'));
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/no tar archive/)]);
    const answer = await sendArchive(rig, ours, content);
    const told = await answer.text();
    expect([answer.status, told]).toEqual([200, expect.stringContaining('jobId')]);
    const parse: (text: string) => { readonly jobId: string } = JSON.parse;
    const result = await resultOf(rig, parse(told).jobId);
    // The builder of the engine itself, which is the one that both can ask.
    const build = 'DOCKER_BUILDKIT=0 docker build --no-cache --file in/Other --build-arg GREETING=hello';
    await run('sh', ['-c', `${build} --tag "$1" - <"$2"`, 'sh', theirs, archive]);
    const [mine] = await cliJson<[Built]>('image', 'inspect', ours);
    const [other] = await cliJson<[Built]>('image', 'inspect', theirs);
    expect(result).toEqual({ id: mine.Id, tag: ours });
    expect(mine.Config.Labels['greeting']).toBe('hello');
    expect([mine.Config.Cmd, mine.Config.Env, mine.Config.Labels, mine.RootFS]).toEqual([
      other.Config.Cmd,
      other.Config.Env,
      other.Config.Labels,
      other.RootFS,
    ]);
  } finally {
    await docker('rmi', '--force', ours, theirs);
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
    title: 'what is built of an archive has the layers and settings that the command gives it',
    covers: ['Mutation.startImageBuild'],
    run: holdArchive,
  },
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
