import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker as cli } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../../testing/private-engine.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { connected, forever } from '../docker/testing.ts';
import { prune, prunePreview } from './service.ts';
import { image } from './testing.ts';

// An engine of its own: others have images on this host's, and a preview names them all.
describeWith(['docker', 'root'], 'images that nobody uses', () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await privateEngine();
    await engine.start();
    await using dir = await tempDir('sk-busybox-');
    await cli('save', '--output', dir.file('busybox.tar'), testImages.busybox);
    await engine.cli('load', '--input', dir.file('busybox.tar'));
    // Used, so that it stays for the tests that follow.
    await engine.cli('create', testImages.busybox, 'true');
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const ids = async (): Promise<string[]> =>
    (await engine.cli('images', '--quiet', '--no-trunc')).trim().split('\n').toSorted();
  const file = (name: string, kilobytes: number): string =>
    `RUN dd if=/dev/zero of=/${name} bs=1024 count=${kilobytes} 2>/dev/null`;

  test('what the preview names is what goes, to the byte, and what is used stays', async () => {
    using docker = await connected({ socket: engine.socket });
    await using used = await image([file('shared', 300), file('used', 10)], engine);
    await engine.cli('create', '--name', 'user', used.tag, 'true');
    await using one = await image([file('shared', 300), 'WORKDIR /new', 'ENV A=b', file('one', 200)], engine);
    await using two = await image(
      [file('shared', 300), 'WORKDIR /new', 'ENV A=b', file('one', 200), file('two', 100)],
      engine,
    );
    await engine.cli('tag', two.id, 'another:1');
    const before = await ids();
    const preview = await prunePreview(docker.engine, 'UNUSED');
    const named = preview.images.map(({ id }) => id);
    expect(named).toEqual(expect.arrayContaining([one.id, two.id]));
    expect(named).not.toContain(used.id);
    const result = await prune(docker.engine, preview.images, 'UNUSED', forever);
    expect(result.kept).toEqual([]);
    expect(result.removed).toEqual(preview.images);
    expect(result.reclaimedBytes).toBe(preview.reclaimableBytes);
    // Shared with the one that is used: only what lies above it is freed.
    expect(result.reclaimedBytes).toBe((200 + 100) * 1024);
    expect(await ids()).toEqual(before.filter((id) => !named.includes(id)));
  });

  test('the preview of those without a name is what docker image prune removes', async () => {
    using docker = await connected({ socket: engine.socket });
    await using named = await image(['LABEL named=yes'], engine);
    await using nameless = await image([file('nameless', 50)], engine);
    await engine.cli('tag', named.id, nameless.tag);
    const preview = await prunePreview(docker.engine, 'DANGLING');
    expect(preview.images).toMatchObject([{ id: nameless.id, tags: [] }]);
    expect(preview.reclaimableBytes).toBe(50 * 1024);
    const said = await engine.cli('image', 'prune', '--force');
    expect(said).toContain(nameless.id);
    expect(said).toContain('51.2kB');
    expect((await prunePreview(docker.engine, 'DANGLING')).images).toEqual([]);
  });

  test('one that was named or used after the preview stays, and says why', async () => {
    using docker = await connected({ socket: engine.socket });
    await using taken = await image(['LABEL n=taken'], engine);
    await using renamed = await image(['LABEL n=renamed'], engine);
    await using gone = await image(['LABEL n=gone'], engine);
    await using later = await image(['LABEL n=later'], engine);
    const preview = await prunePreview(docker.engine, 'UNUSED');
    const targets = preview.images.filter(({ id }) => [taken.id, renamed.id, gone.id].includes(id));
    expect(targets).toHaveLength(3);
    await engine.cli('create', taken.tag, 'true');
    await engine.cli('tag', renamed.id, 'precious:1');
    await engine.cli('rmi', gone.tag);
    const result = await prune(docker.engine, targets, 'UNUSED', forever);
    expect(result).toMatchObject({ removed: [], reclaimedBytes: 0 });
    expect(Object.fromEntries(result.kept.map(({ id, reason }) => [id, reason]))).toEqual({
      [taken.id]: 'A container was made from it meanwhile.',
      [renamed.id]: 'Its names are not those that were shown any more.',
      [gone.id]: 'It is gone already.',
    });
    expect(await ids()).toEqual(expect.arrayContaining([taken.id, renamed.id, later.id]));
  });
});
