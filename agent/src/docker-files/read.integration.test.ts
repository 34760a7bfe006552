import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { container, docker as cli } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected } from '../docker/testing.ts';
import { all, asking, containerPlace, downloaded, filesOf } from './testing.ts';

const digest = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

describeWith('docker', 'files of a container', () => {
  test('are listed folder by folder, as they are inside', async () => {
    await using box = await container();
    await box.exec(
      'sh',
      '-c',
      'mkdir -p /data/sub/deep && cd /data && printf hello >a.txt && chmod 640 a.txt && chown 12:34 a.txt && ' +
        'ln -s a.txt link && mkfifo pipe && touch sub/x sub/deep/y && chmod 1777 sub && truncate -s 64M holes',
    );
    using docker = await connected();
    await using files = filesOf(docker);
    const items = await all(files, asking(containerPlace(box.name), '/data/'));
    expect(items.map(({ name, kind }) => [name, kind])).toEqual([
      ['a.txt', 'FILE'],
      ['holes', 'FILE'],
      ['link', 'SYMLINK'],
      ['pipe', 'OTHER'],
      ['sub', 'DIRECTORY'],
    ]);
    expect(items[0]).toMatchObject({ sizeBytes: 5, mode: 0o640, uid: 12, gid: 34, linkTarget: null });
    expect(items[1]).toMatchObject({ sizeBytes: 64 * 2 ** 20 });
    expect(items[2]).toMatchObject({ linkTarget: 'a.txt', sizeBytes: null });
    expect(items[4]).toMatchObject({ mode: 0o1777, sizeBytes: null });
    const root = await all(files, asking(containerPlace(box.id), '/'));
    const listed = (await box.exec('ls', '-A', '/')).trim().split('\n');
    expect(root.map(({ name }) => name).toSorted()).toEqual(listed.toSorted());
  });

  test('come in pages that hold each of them once, whatever it is called', async () => {
    await using box = await container();
    await box.exec(
      'sh',
      '-c',
      `mkdir /many && cd /many && for i in $(seq 1 600); do echo $i >"file $i"; done && touch "$(printf 'two\\nlines')" "$(printf 'bi\\342\\200\\256di')" "$(printf 'bytes\\377')" ./-rf '*' ' '`,
    );
    using docker = await connected();
    await using files = filesOf(docker);
    const names = (await all(files, asking(containerPlace(box.id), '/many'), 250)).map(({ name }) => name);
    expect(new Set(names).size).toBe(606);
    expect(names).toHaveLength(606);
    expect(names).toEqual(
      expect.arrayContaining(['two\nlines', 'bi\u202edi', 'bytes\ufffd', '-rf', '*', ' ']),
    );
  });

  test('are downloaded as they are, and folders as archives', async () => {
    await using box = await container();
    await box.exec(
      'sh',
      '-c',
      'mkdir /out && dd if=/dev/urandom of=/out/big bs=1M count=5 2>/dev/null && ln -s big /out/link && : >/out/empty',
    );
    using docker = await connected();
    await using files = filesOf(docker);
    const expected = (await box.exec('sha256sum', '/out/big')).split(' ')[0];
    for (const path of ['/out/big', '/out/link']) {
      const { name, content } = await downloaded(files, asking(containerPlace(box.id), path));
      expect([name, digest(content)]).toEqual(['big', expected]);
    }
    expect((await downloaded(files, asking(containerPlace(box.id), '/out/empty'))).content).toHaveLength(0);
    const { content } = await downloaded(files, asking(containerPlace(box.id), '/out'), true);
    expect(content.length % 512).toBe(0);
    expect(content.toString('latin1')).toContain('out/empty');
  });

  test('are refused where they are none, and told by their names', async () => {
    await using box = await container({ command: ['true'], options: ['-v', '/etc:/host'] });
    using docker = await connected();
    await using files = filesOf(docker);
    const place = containerPlace(box.id);
    const scopes = ['docker:containers:privileged'] as const;
    const list = (path: string, options = {}) =>
      files.list(asking(place, path, { scopes, ...options }), { first: 10, after: null });
    await expect(list('/', { scopes: [] })).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    await expect(list('/nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(list('/bin/sh')).rejects.toMatchObject({ code: 'CONFLICT' });
    for (const path of ['etc', '/etc/../root', '/a\0b', `/${'x'.repeat(256)}`, `/${'a/'.repeat(2100)}`]) {
      await expect(list(path)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    await expect(downloaded(files, asking(place, '/etc', { scopes }))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    // A path of the host that this host denies is not read through a container that has it.
    await expect(list('/', { denied: '/etc' })).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    await expect(
      downloaded(files, asking(place, '/host/hostname', { scopes, denied: '/etc' })),
    ).rejects.toMatchObject({
      code: 'POLICY_DENIED',
    });
    await cli('cp', `${box.id}:/host/hostname`, '-');
  });

  test('that are too many to pass over are told as far as they were seen', async () => {
    await using box = await container();
    await box.exec(
      'sh',
      '-c',
      'mkdir -p /data/b && echo >/data/a && truncate -s 200G /data/b/holes && echo >/data/c',
    );
    using docker = await connected();
    await using files = filesOf(docker, { lookWithinMs: 3_000 });
    const page = await files.list(asking(containerPlace(box.id), '/data'), { first: 10, after: null });
    expect(page).toMatchObject({ complete: false, next: null });
    expect(page.items.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
