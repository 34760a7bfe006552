import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { docker as cli, uniqueName } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { filesOf } from '../docker-files/testing.ts';
import { connected } from '../docker/testing.ts';
import { testJobs } from '../jobs/testing.ts';
import { buildImage } from './build.ts';

describeWith('docker', 'an image that is built from an archive', () => {
  /** An agent whose archives wait in a folder that can be looked at. */
  async function agent(maxBytes?: number) {
    await using undo = new AsyncDisposableStack();
    const dir = undo.use(await tempDir('sk-context-'));
    const docker = undo.use(await connected());
    const jobs = undo.use(await testJobs());
    const files = undo.use(filesOf(docker, { stateDir: dir.path, ...(maxBytes && { maxBytes }) }));
    const contexts = await files.buildContexts();
    const owned = undo.move();
    return {
      dir,
      jobs,
      contexts,
      waiting: () => readdirSync(dir.file('uploads')),
      async arrived(archive: Buffer) {
        const id = randomBytes(8).toString('hex');
        await contexts.open({ id, sizeBytes: archive.length, actor: 'usr_1' }, null, () =>
          Promise.resolve(true),
        );
        await contexts.write(id, 0, archive);
        return contexts.take(id, createHash('sha256').update(archive).digest('hex'));
      },
      async build(archive: Buffer, dockerfile = 'Dockerfile') {
        const tag = `${uniqueName()}:1`;
        const context = await this.arrived(archive);
        const options = { dockerfile, context, tag, arguments: [], pull: false, noCache: true };
        return { tag, ...jobs.begin({ run: (job) => buildImage(docker.engine, options, job) }) };
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  async function archiveOf(dir: TempDir, rest: string): Promise<Buffer> {
    await writeFile(dir.file('Dockerfile'), `FROM ${testImages.busybox}\n${rest}\n`);
    await writeFile(dir.file('data'), 'copied');
    await run('tar', ['-cf', dir.file('context.tar'), '-C', dir.path, 'Dockerfile', 'data']);
    return readFile(dir.file('context.tar'));
  }

  test('has what was copied from it, and the archive is gone', async () => {
    await using one = await agent();
    const archive = await archiveOf(one.dir, 'COPY data /data\nRUN echo read $(cat /data)');
    const { tag, ended } = await one.build(archive);
    const { job, lines, progress } = await ended;
    const id = (await cli('image', 'inspect', '--format', '{{.Id}}', tag)).trim();
    await cli('rmi', '--force', tag);
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { id, tag } });
    expect(lines.map(({ text }) => text)).toContain('read copied');
    expect(progress.get('context')).toMatchObject({ status: 'Sent', current: archive.length });
    expect(one.waiting()).toEqual([]);
  });

  test('is refused in words where the Dockerfile is missing, or the archive is damaged', async () => {
    await using one = await agent();
    const archive = await archiveOf(one.dir, '');
    const missing = await (await one.build(archive, 'other/Dockerfile')).ended;
    expect(missing.job).toMatchObject({
      state: 'FAILED',
      errorCode: 'INPUT_INVALID',
      errorMessage: 'There is no "other/Dockerfile" in the archive to build from.',
    });
    const damaged = await (await one.build(archive.subarray(0, 1100))).ended;
    expect(damaged.job).toMatchObject({ state: 'FAILED', errorCode: 'INPUT_INVALID' });
    expect(damaged.job.errorMessage).toMatch(/damaged/);
    expect(one.waiting()).toEqual([]);
  });

  test('cannot be too large, and is not begun without room for it', async () => {
    await using small = await agent(1000);
    const order = { id: 'too-large', sizeBytes: 1001, actor: 'usr_1' };
    const wanted = () => Promise.resolve(true);
    await expect(small.contexts.open(order, null, wanted)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await using large = await agent(2 ** 60);
    const all = { id: 'too-large', sizeBytes: 2 ** 52, actor: 'usr_1' };
    await expect(large.contexts.open(all, null, wanted)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('leaves nothing when it is cancelled: no archive, no process, no image', async () => {
    await using one = await agent();
    const sleep = `sleep ${randomInt(1_000_000, 9_000_000)}`;
    const { id, tag, ended } = await one.build(await archiveOf(one.dir, `RUN ${sleep}`));
    const running = async () => (await run('ps', ['-eo', 'args'])).split('\n').includes(sleep);
    await eventually(running, 'the step to run');
    one.jobs.service.cancel(id);
    expect((await ended).job.state).toBe('CANCELLED');
    await eventually(async () => !(await running()), 'the step to end');
    expect(one.waiting()).toEqual([]);
    expect((await cli('images', '--quiet', tag)).trim()).toBe('');
  });
});
