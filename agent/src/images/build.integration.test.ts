import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker as cli, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import { registry, type Registry } from '../../../testing/registry.ts';
import { eventually } from '../../../testing/events.ts';
import { connected } from '../docker/testing.ts';
import { testJobs, type TestJobs } from '../jobs/testing.ts';
import { buildImage, type BuildOptions } from './build.ts';
import { pushImage } from './push.ts';

const credentials = { username: 'ada', password: 'never to be seen' };

describeWith(['docker', 'registry'], 'images that are made here', () => {
  let docker: Awaited<ReturnType<typeof connected>>;
  let jobs: TestJobs;
  let locked: Registry;
  beforeAll(async () => {
    docker = await connected();
    jobs = await testJobs();
    locked = await registry({ credentials });
  });
  afterAll(async () => {
    await locked?.[Symbol.asyncDispose]();
    await jobs?.[Symbol.asyncDispose]();
    docker?.[Symbol.dispose]();
  });

  function build(rest: string, given: Partial<BuildOptions> = {}, secrets: readonly string[] = []) {
    const tag = `${uniqueName()}:1`;
    const dockerfile = `FROM ${testImages.busybox}\n${rest}\n`;
    const options = { dockerfile, tag, arguments: [], pull: false, noCache: true, ...given };
    return { tag, ...jobs.begin({ secrets, run: (job) => buildImage(docker.engine, options, job) }) };
  }

  test('a build tells its steps and what they say, and ends with the image that docker then has', async () => {
    const { tag, ended } = build('ARG WHO\nRUN echo hello $WHO', {
      arguments: [{ name: 'WHO', value: 'ada' }],
    });
    const { job, lines } = await ended;
    const id = (await cli('image', 'inspect', '--format', '{{.Id}}', tag)).trim();
    await cli('rmi', '--force', tag);
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { id, tag } });
    const steps = lines.filter(({ stream }) => stream === 'STEP').map(({ text }) => text);
    expect(steps).toEqual([
      `Step 1/3 : FROM ${testImages.busybox}`,
      'Step 2/3 : ARG WHO',
      'Step 3/3 : RUN echo hello $WHO',
    ]);
    expect(lines.map(({ text }) => text)).toContain('hello ada');
  });

  test('a build whose step fails is a failure, though the engine begins its answer with success', async () => {
    const { job } = await build('RUN exit 3').ended;
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR', result: null });
    expect(job.errorMessage).toContain('non-zero code: 3');
  });

  test('a Dockerfile that is none is refused in the words of the engine', async () => {
    const { job } = await build('NONSENSE').ended;
    expect(job).toMatchObject({
      state: 'FAILED',
      errorMessage: expect.stringContaining('NONSENSE') as unknown,
    });
  });

  test('a value that is a secret is blanked where the build repeats it', async () => {
    const given = { arguments: [{ name: 'TOKEN', value: 'hunter2hunter2' }] };
    const { tag, ended } = build('ARG TOKEN\nRUN echo $TOKEN', given, ['hunter2hunter2']);
    const { lines } = await ended;
    await cli('rmi', '--force', tag);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines.map(({ text }) => text)).toContain('•••');
  });

  test('cancelling ends what the build runs', async () => {
    const sleep = `sleep ${randomInt(1_000_000, 9_000_000)}`;
    const { id, ended } = build(`RUN ${sleep}`);
    const running = async () => (await run('ps', ['-eo', 'args'])).split('\n').includes(sleep);
    await eventually(running, 'the step to run');
    jobs.service.cancel(id);
    expect((await ended).job.state).toBe('CANCELLED');
    await eventually(async () => !(await running()), 'the step to end');
  });

  async function push(reference: string, password: string) {
    await cli('tag', testImages.busybox, reference);
    const auth = { ...credentials, password, serverAddress: locked.address };
    try {
      return await jobs.begin({ run: (job) => pushImage(docker.engine, { reference, auths: [auth] }, job) })
        .ended;
    } finally {
      await cli('rmi', reference);
    }
  }

  test('a push with the right password brings the image, under the digest it tells', async () => {
    const reference = `${locked.address}/team/pushed:1`;
    const { job, progress } = await push(reference, credentials.password);
    expect(job.state).toBe('SUCCEEDED');
    expect(progress.size).toBeGreaterThan(0);
    const pulled = await locked.docker('pull', reference);
    await cli('rmi', reference);
    expect(pulled).toContain(String(job.result?.['digest']));
  });

  test('a push with a wrong password fails, though the engine begins its answer with success', async () => {
    const { job } = await push(`${locked.address}/team/refused:1`, 'a wrong password');
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR', result: null });
    expect(await jobs.onDisk()).not.toMatch(/never to be seen|a wrong password/);
  });
});
