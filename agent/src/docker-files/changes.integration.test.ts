import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected } from '../docker/testing.ts';
import type { FileChange } from './service.ts';
import { asking, containerPlace, filesOf, volumePlace } from './testing.ts';

const folder: FileChange = { kind: 'FOLDER' };
const remove: FileChange = { kind: 'REMOVE', recursive: false };
const removeAll: FileChange = { kind: 'REMOVE', recursive: true };
const called = (name: string): FileChange => ({ kind: 'RENAME', name });

/** CAP_NET_BIND_SERVICE, permitted and effective (linux/capability.h, vfs_cap_data of revision 2). */
const bindsLowPorts = Buffer.from('0100000200040000000000000000000000000000', 'hex').toString('latin1');
const capabilities = 'SCHILY.xattr.security.capability';

describeWith('docker', 'files that are there', () => {
  test('get folders beside them, other names, and go, running or not', async () => {
    await using box = await container();
    const script = `mkdir -p /in/full/deep && chown 12:34 /in && echo a >/in/a && chown 5:6 /in/a && chmod 640 /in/a
      echo x >/in/full/deep/x && ln -s /etc /in/out && ln -s /in/a /in/full/link && echo k >/in/kept && ln -s /in /to`;
    await box.exec('sh', '-c', script);
    using docker = await connected();
    await using files = filesOf(docker);
    const change = (path: string, what: FileChange) =>
      files.change(asking(containerPlace(box.id), path), what);
    expect(await change('/to/new', folder)).toEqual({ path: '/in/new' });
    expect((await box.exec('stat', '-c', '%F %a %u %g', '/in/new')).trim()).toBe('directory 755 12 34');
    const before = await box.exec('stat', '-c', '%a %u %g %Y', '/in/a');
    expect(await change('/in/a', called('-b é'))).toEqual({ path: '/in/-b é' });
    expect(await box.exec('stat', '-c', '%a %u %g %Y', '/in/-b é')).toBe(before);
    await change('/in/full/link', called('renamed'));
    expect((await box.exec('readlink', '/in/full/renamed')).trim()).toBe('/in/a');
    await expect(change('/in/full', remove)).rejects.toMatchObject({ code: 'CONFLICT' });
    await cli('stop', '--time', '0', box.id);
    await change('/in/full', removeAll);
    // The link goes, and not what it leads to.
    await change('/in/out', remove);
    await cli('start', box.id);
    const left = await box.exec('sh', '-c', 'cd /in && for f in *; do echo "$f"; done');
    expect(left).toBe('-b é\nkept\nnew\n');
    await box.exec('test', '-f', '/etc/passwd');
  });

  test('keep their rights and times, and so does what a link leads to, whatever stands in the root folder', async () => {
    await using box = await container();
    const script = `mkdir /in && echo r >/own && echo s >/in/secret && ln -s /in/secret /in/etc && chmod 600 /in/secret
      chown 5:6 /own && chmod 1640 /own && touch -d '2001-09-09 01:46:40' /own /in/secret`;
    await box.exec('sh', '-c', script);
    using docker = await connected();
    await using files = filesOf(docker);
    const stat = (...paths: readonly string[]) => box.exec('stat', '-c', '%a %u %g %Y', ...paths);
    const before = await stat('/own', '/in/secret');
    await files.change(asking(containerPlace(box.id), '/own'), called('still'));
    await files.change(asking(containerPlace(box.id), '/in/etc'), called('led'));
    expect(await stat('/still', '/in/secret')).toBe(before);
    expect((await box.exec('readlink', '/in/led')).trim()).toBe('/in/secret');
  });

  test('are refused where something is in the way, and stay as they were', async () => {
    const name = uniqueName();
    await cli('volume', 'create', '--label', 'serverkit.test=1', name);
    try {
      await using box = await container({
        options: ['-v', `${name}:/in/run/data`, '--tmpfs', '/mem', '-v', `${name}:/ro:ro`],
      });
      const script = `echo v >/in/run/data/v && echo a >/in/a && echo b >/in/b && mkdir /in/d && ln -s /in/run /alias
        cp /bin/busybox /in/raised && chmod 4755 /in/raised`;
      await box.exec('sh', '-c', script);
      using docker = await connected();
      const archive = pack();
      archive.entry({ name: 'capable', mode: 0o755, pax: { [capabilities]: bindsLowPorts } }, 'program');
      archive.finalize();
      await docker.engine.call('PUT', `/containers/${box.id}/archive`, {
        query: { path: '/in' },
        body: Readable.from(archive, { objectMode: false }),
      });
      await using files = filesOf(docker);
      const change = (path: string, what: FileChange) =>
        files.change(asking(containerPlace(box.id), path), what);
      for (const [path, what, code] of [
        ['/in/a', folder, 'CONFLICT'],
        ['/nowhere/a', folder, 'NOT_FOUND'],
        ['/mem/a', folder, 'CONFLICT'],
        ['/mem', removeAll, 'CONFLICT'],
        ['/proc', removeAll, 'CONFLICT'],
        ['/dev', removeAll, 'CONFLICT'],
        ['/ro/a', folder, 'CONFLICT'],
        ['/ro/v', remove, 'CONFLICT'],
        ['/in/none', remove, 'NOT_FOUND'],
        ['/', removeAll, 'INPUT_INVALID'],
        ['/in/../etc', removeAll, 'INPUT_INVALID'],
        // The volume in it would be emptied.
        ['/in', removeAll, 'CONFLICT'],
        ['/in/run', removeAll, 'CONFLICT'],
        ['/alias/data', removeAll, 'CONFLICT'],
        ['/etc', removeAll, 'CONFLICT'],
        ['/etc/hosts', remove, 'CONFLICT'],
        ['/in/a', called('b'), 'CONFLICT'],
        ['/in/d', called('e'), 'CONFLICT'],
        ['/in/raised', called('lower'), 'CONFLICT'],
        ['/in/capable', called('lower'), 'CONFLICT'],
        ['/in/a', called('../x'), 'INPUT_INVALID'],
        ['/in/a', called('..'), 'INPUT_INVALID'],
        ['/in/none', called('x'), 'NOT_FOUND'],
      ] as const) {
        const got = await change(path, what).catch(({ code: why }: { code: string }) => why);
        expect([path, what, got]).toEqual([path, what, code]);
      }
      expect(await box.exec('cat', '/in/a', '/in/b', '/in/run/data/v', '/ro/v')).toBe('a\nb\nv\nv\n');
      expect((await box.exec('stat', '-c', '%a', '/in/raised')).trim()).toBe('4755');
    } finally {
      await cli('volume', 'rm', '--force', name);
    }
  });

  test('of a volume never lead out of it', async () => {
    const name = uniqueName();
    await cli('volume', 'create', '--label', 'serverkit.test=1', name);
    try {
      await using box = await container({ options: ['-v', `${name}:/v`] });
      const script = `mkdir -p /v/sub/deep /outside && echo o >/outside/o && ln -s /outside /v/out && ln -s /etc /v/sub/etc
        ln -s ../.. /v/sub/up && ln -s sub /v/in`;
      await box.exec('sh', '-c', script);
      using docker = await connected();
      await using files = filesOf(docker);
      const change = (path: string, what: FileChange) => files.change(asking(volumePlace(name), path), what);
      for (const [path, what] of [
        ['/out/o', remove],
        ['/out/new', folder],
        ['/sub/etc/passwd', called('gone')],
        ['/sub/up/v', removeAll],
      ] as const) {
        await expect(change(path, what)).rejects.toThrow(/leads out of the volume|There is no/);
      }
      expect(await change('/in/made', folder)).toEqual({ path: '/sub/made' });
      await change('/sub', removeAll);
      await change('/out', remove);
      expect((await box.exec('ls', '-A', '/v')).trim()).toBe('in');
      await box.exec('sh', '-c', 'test -f /outside/o && test -f /etc/passwd');
    } finally {
      await cli('volume', 'rm', '--force', name);
    }
  });

  test('of the host take what entering takes', async () => {
    await using box = await container({ options: ['-v', '/tmp:/h:ro'] });
    using docker = await connected();
    await using files = filesOf(docker);
    for (const what of [folder, remove, called('x')]) {
      const asked = files.change(asking(containerPlace(box.id), '/h/never-there'), what);
      await expect(asked).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    }
  });
});
