import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../../testing/private-engine.ts';
import { run } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { connected } from '../docker/testing.ts';
import { buildImage } from '../images/build.ts';
import { pullImage } from '../images/pull.ts';
import { pushImage } from '../images/push.ts';
import type { Job, JobHandle, JobResult } from '../jobs/job.ts';
import { testJobs, untold } from '../jobs/testing.ts';
import { silentLog } from '../log.ts';
import { createPolicy } from '../policy.ts';
import { createStacks } from '../stacks/stacks.ts';
import { eachCompose } from '../stacks/testing.ts';
import type { StackService } from '../stacks/service.ts';

const MB = 1024 * 1024;

const compose = (greeting: string): string => `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment: { GREETING: ${greeting} }
    network_mode: none
`;

/** The engine and what the agent keeps of stacks share a disk, as they do on most hosts. */
describeWith(['docker', 'root', 'compose', 'registry'], 'a disk that is full', () => {
  const undo = new AsyncDisposableStack();
  let engine: PrivateEngine;
  let stacks: StackService;
  let [before, after] = ['', ''];
  const ended = new Map<string, Job>();

  async function job(work: (handle: JobHandle) => Promise<JobResult | undefined>): Promise<Job> {
    await using jobs = await testJobs();
    return (await jobs.begin({ run: work }).ended).job;
  }
  const deploy = (greeting: string, baseVersion: number | null): Promise<Job> =>
    job((handle) =>
      stacks.deploy(
        {
          name: 'web',
          files: { compose: compose(greeting), env: '' },
          baseVersion,
          pull: false,
          timeoutMs: 60_000,
          actor: 'usr_1',
          authority: { scopes: new Set(['docker:images:write']), deniesPath: () => false },
        },
        handle,
      ),
    );
  const runs = (): Promise<string> =>
    engine.cli('ps', '--no-trunc', '--format', '{{.ID}}', '--filter', 'label=com.docker.compose.project=web');

  const ballast = (): string => `${engine.data}/ballast`;

  /** Leaves so many bytes of the disk. */
  async function leave(bytes: number): Promise<void> {
    await rm(ballast(), { force: true });
    const { bavail, bsize } = await statfs(engine.data);
    await run('sh', ['-c', `head -c ${bavail * bsize - bytes} /dev/zero > ${ballast()} || true`]);
  }

  /** References of an image that is only in a registry beside the engine, and of one that is only here. */
  async function beside(): Promise<{ readonly elsewhere: string; readonly here: string }> {
    const dir = undo.use(await tempDir('sk-beside-'));
    const config = {
      version: 0.1,
      log: { level: 'info' },
      storage: { filesystem: { rootdirectory: dir.file('images') } },
      http: { addr: '127.0.0.1:0' },
    };
    await writeFile(dir.file('config.yml'), JSON.stringify(config));
    await using loopback = engine.beside('ip', 'link', 'set', 'lo', 'up');
    await loopback.exit;
    const hub = undo.use(engine.beside('docker-registry', 'serve', dir.file('config.yml')));
    const [, port = ''] = await hub.match(/listening on 127\.0\.0\.1:(\d+)/);
    await mkdir(dir.file('files'));
    const made = async (reference: string): Promise<string> => {
      await run('sh', ['-c', `head -c ${4 * MB} /dev/urandom > ${dir.file('files', 'large')}`]);
      const load = `tar -C ${dir.file('files')} -c large | docker --host unix://${engine.socket} import - ${reference}`;
      await run('sh', ['-c', load]);
      return reference;
    };
    const elsewhere = await made(`127.0.0.1:${port}/large:1`);
    await engine.cli('push', '--quiet', elsewhere);
    await engine.cli('rmi', elsewhere);
    return { elsewhere, here: await made(`127.0.0.1:${port}/other:1`) };
  }

  beforeAll(async () => {
    engine = undo.use(await privateEngine({ room: 128 * MB }));
    await engine.start();
    await run('sh', ['-c', `docker save ${testImages.busybox} | docker --host unix://${engine.socket} load`]);
    const docker = undo.use(await connected({ socket: engine.socket }));
    const command = eachCompose()[0]?.command;
    const policy = createPolicy({ scopes: 'managed', deniedPaths: [], disabledFeatures: new Set() });
    stacks = createStacks({
      docker,
      socket: engine.socket,
      stateDir: `${engine.data}/agent`,
      folder: `${engine.data}/stacks`,
      policy: () => policy,
      log: silentLog,
      jobs: untold,
      settledMs: 500,
      ...(command && { commands: [command] }),
    });
    const { elsewhere: reference, here } = await beside();
    ended.set('before', await deploy('hello', null));
    before = await runs();
    await leave(MB);
    ended.set(
      'pulling',
      await job((handle) => pullImage(docker.engine, { reference, platform: null, auths: [] }, handle)),
    );
    ended.set(
      'pushing',
      await job((handle) => pushImage(docker.engine, { reference: here, auths: [] }, handle)),
    );
    const dockerfile = `FROM ${testImages.busybox}\nRUN head -c 5000000 /dev/zero > /large`;
    ended.set(
      'building',
      await job((handle) =>
        buildImage(
          docker.engine,
          { dockerfile, tag: 'x:1', arguments: [], pull: false, noCache: true },
          handle,
        ),
      ),
    );
    await leave(MB);
    ended.set('deploying', await deploy('bye', 1));
    await leave(0);
    ended.set('not a byte', await deploy('bye', 1));
    after = await runs();
    await rm(ballast());
    ended.set('with room again', await deploy('bye', 1));
  }, 240_000);
  afterAll(() => undo.disposeAsync());

  test('ends a pull in the words of the engine', () => {
    expect(ended.get('pulling')).toMatchObject({
      errorCode: 'DOCKER_ERROR',
      errorMessage: expect.stringContaining('no space left on device') as unknown,
    });
  });

  test('does not keep an image from being pushed to where there is room', () => {
    expect(ended.get('pushing')).toMatchObject({
      state: 'SUCCEEDED',
      result: { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown },
    });
  });

  test('ends a build in words that say so', () => {
    expect(ended.get('building')).toMatchObject({
      state: 'FAILED',
      errorMessage: 'The disk that Docker builds on is full; no image was made.',
    });
  });

  test('leaves what ran before a deployment running, and says so', () => {
    expect(ended.get('deploying')).toMatchObject({
      state: 'FAILED',
      errorMessage: expect.stringMatching(
        /(no space left on device|disk of this server).* Version 1 runs/,
      ) as unknown,
    });
    expect(before).toMatch(/^[0-9a-f]{64}\n$/);
    expect(after).toBe(before);
  });

  test('keeps a deployment from being begun that could not be written down', () => {
    expect(ended.get('not a byte')).toMatchObject({
      state: 'FAILED',
      errorMessage: 'The disk of this server that the agent writes to is full.',
    });
  });

  test('is no more once there is room', () => {
    expect(ended.get('with room again')).toMatchObject({ state: 'SUCCEEDED', result: { version: 2 } });
  });
});
