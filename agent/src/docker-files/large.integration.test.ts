import { expect, test } from 'vitest';
import { container } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected } from '../docker/testing.ts';
import { all, asking, containerPlace, downloaded, filesOf } from './testing.ts';

describeWith('docker', 'a folder', () => {
  test('of 10,000 entries is listed page by page, each entry once', async () => {
    using docker = await connected();
    await using files = filesOf(docker, { lookWithinMs: 60_000 });
    await using box = await container();
    await box.exec('sh', '-c', 'mkdir /many && cd /many && seq 1 10000 | xargs touch');
    const names = (await all(files, asking(containerPlace(box.id), '/many'), 4_000)).map(({ name }) => name);
    expect(new Set(names).size).toBe(10_000);
    expect(names).toHaveLength(10_000);
  });

  test('tells what is no file as such, and does not read it', async () => {
    using docker = await connected();
    await using files = filesOf(docker, { lookWithinMs: 60_000 });
    await using box = await container();
    await box.exec('sh', '-c', 'mkdir /odd && mkfifo /odd/pipe && mknod /odd/zero c 1 5');
    const entries = await all(files, asking(containerPlace(box.id), '/odd'));
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ['pipe', 'OTHER'],
      ['zero', 'OTHER'],
    ]);
    for (const name of ['pipe', 'zero']) {
      await expect(downloaded(files, asking(containerPlace(box.id), `/odd/${name}`))).rejects.toThrow(
        expect.objectContaining({ code: 'CONFLICT' }),
      );
    }
  });
});
