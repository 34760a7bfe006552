import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import { freshImage, registry, type Registry } from '../../../testing/registry.ts';
import { eventually } from '../../../testing/events.ts';
import { testJobs, type TestJobs } from '../jobs/testing.ts';
import { pullImage } from './pull.ts';
import { connected } from '../docker/testing.ts';

const credentials = { username: 'ada', password: 'never to be seen' };

describeWith(['docker', 'registry'], 'pulling an image', () => {
  let open: Registry;
  let locked: Registry;
  let docker: Awaited<ReturnType<typeof connected>>;
  let image: string;
  let jobs: TestJobs;
  beforeAll(async () => {
    docker = await connected();
    jobs = await testJobs();
    [open, locked] = await Promise.all([registry(), registry({ credentials })]);
    image = await freshImage();
  });
  afterAll(async () => {
    await run('docker', ['rmi', '--force', image]);
    await Promise.all([open, locked, jobs].map((owned) => owned[Symbol.asyncDispose]()));
    docker[Symbol.dispose]();
  });

  const auth = (password = credentials.password) => ({
    ...credentials,
    password,
    serverAddress: locked.address,
  });

  function pull(reference: string, given = {}) {
    return jobs.begin({
      kind: 'image.pull',
      target: reference,
      run: (job) => pullImage(docker.engine, { reference, platform: null, auths: [], ...given }, job),
    });
  }

  test('ends with the id and digests that docker tells, and says what it pulled', async () => {
    const reference = await open.push(image, 'team/web:1');
    const { ended } = pull(reference);
    const { job, lines } = await ended;
    const inspected = await run('docker', [
      'inspect',
      '--format',
      '{{.Id}} {{index .RepoDigests 0}}',
      reference,
    ]);
    await run('docker', ['rmi', reference]);
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    const [id, digest] = inspected.trim().split(' ');
    expect(job.result).toEqual({ id, digests: [digest] });
    expect(lines.map(({ text }) => text)).toContain('1: Pulling from team/web');
  });

  test('counts the bytes of what is downloaded', async () => {
    const fresh = await freshImage();
    const reference = await open.push(fresh, 'team/counted:1');
    await run('docker', ['rmi', fresh]);
    const release = open.hold();
    const { id, ended } = pull(reference);
    const downloading = () =>
      jobs.service.get(id)?.progress.find(({ unit, current }) => unit === 'BYTES' && (current ?? 0) > 0);
    const { current, total, status } = await eventually(downloading, 'bytes to be counted');
    expect(status).toBe('Downloading');
    expect(total).toBeGreaterThan(300_000);
    expect(current).toBeLessThan(total ?? 0);
    release();
    const { job, progress } = await ended;
    await run('docker', ['rmi', reference]);
    expect(job.state).toBe('SUCCEEDED');
    expect([...progress.values()].map((layer) => layer.status).toSorted()).toEqual([
      'Already exists',
      'Pull complete',
    ]);
  });

  test('an image that there is not is a failure, not a success', async () => {
    const { job } = await pull(`${open.address}/team/nothing:1`).ended;
    expect(job).toMatchObject({ state: 'FAILED', errorCode: 'NOT_FOUND', result: null });
  });

  test('with the right password it comes, with a wrong one it fails, and neither is seen anywhere', async () => {
    const reference = await locked.push(image, 'team/secret:1');
    const right = await pull(reference, { auths: [auth()] }).ended;
    expect(right.job.state).toBe('SUCCEEDED');
    await run('docker', ['rmi', reference]);
    const wrong = await pull(reference, { auths: [auth('a wrong password')] }).ended;
    expect(wrong.job).toMatchObject({ state: 'FAILED', errorCode: 'DOCKER_ERROR' });
    expect(await pull(reference).ended).toMatchObject({ job: { state: 'FAILED' } });
    expect(await jobs.onDisk()).not.toMatch(/never to be seen|a wrong password/);
  });

  test('cancelling ends the download itself', async () => {
    const fresh = await freshImage();
    const reference = await open.push(fresh, 'team/cancelled:1');
    await run('docker', ['rmi', fresh]);
    const release = open.hold();
    const { id, ended } = pull(reference);
    await eventually(() => open.downloads > 0, 'a download to be open');
    jobs.service.cancel(id);
    expect((await ended).job).toMatchObject({ state: 'CANCELLED', errorCode: 'CANCELLED' });
    await eventually(() => open.downloads === 0, 'the download to end');
    release();
    await expect(run('docker', ['image', 'inspect', reference])).rejects.toThrow('No such image');
  });
});
