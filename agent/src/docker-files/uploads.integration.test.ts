import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { connected } from '../docker/testing.ts';
import { asking, containerPlace, filesOf, uploaded, volumePlace } from './testing.ts';

const text = (content: string): Buffer => Buffer.from(content);

describeWith('docker', 'a file that is put into a container', () => {
  test('is there as it was sent, whose the folder is, under any name, running or not', async () => {
    await using dir = await tempDir();
    await using box = await container();
    await box.exec('sh', '-c', 'mkdir -p /in/deep && chown 12:34 /in && ln -s /in/deep /in/link');
    using docker = await connected();
    await using files = filesOf(docker, { stateDir: dir.path });
    const place = containerPlace(box.id);
    const content = randomBytes(1_500_000);
    expect(await uploaded(files, asking(place, '/in/big'), content)).toEqual({
      path: '/in/big',
      sizeBytes: 1_500_000,
    });
    const sum = (await box.exec('sha256sum', '/in/big')).split(' ')[0];
    expect(sum).toBe(createHash('sha256').update(content).digest('hex'));
    expect((await box.exec('stat', '-c', '%a %u %g', '/in/big')).trim()).toBe('644 12 34');
    await uploaded(files, asking(place, '/in/empty'), text(''));
    await uploaded(files, asking(place, '/in/link/-rf é\n*'), text('odd'));
    const long = 'n'.repeat(255);
    await uploaded(files, asking(place, `/in/${long}`), text('long'));
    await box.exec('sh', '-c', `[ "$(cat '/in/${long}')" = long ] && [ "$(cat /in/deep/-rf*)" = odd ]`);
    await cli('stop', '--time', '0', box.id);
    await uploaded(files, asking(place, '/in/stopped'), text('still'));
    await cli('start', box.id);
    expect(await box.exec('cat', '/in/stopped')).toBe('still');
    // Neither the half file, nor what it waited in.
    expect((await box.exec('sh', '-c', 'ls -A /in | grep -c part || true')).trim()).toBe('0');
    expect(readdirSync(dir.file('uploads'))).toEqual([]);
  });

  test('replaces only what it is asked to, keeping its owner and rights', async () => {
    await using box = await container({ options: ['--tmpfs', '/mem'] });
    await box.exec(
      'sh',
      '-c',
      'mkdir -p /in/folder && echo old >/in/a && chown 5:6 /in/a && chmod 640 /in/a && ln -s a /in/link',
    );
    using docker = await connected();
    await using files = filesOf(docker);
    const put = (path: string, options = {}) =>
      uploaded(files, asking(containerPlace(box.id), path), text('new'), options);
    expect(await put('/in/a')).toBeNull();
    expect(await box.exec('cat', '/in/a')).toBe('old\n');
    await put('/in/a', { replace: true });
    expect(await box.exec('sh', '-c', 'cat /in/a; stat -c " %a %u %g" /in/a')).toBe('new 640 5 6\n');
    for (const path of ['/in/folder', '/in/link', '/dev/null', '/mem/x']) {
      await expect(put(path, { replace: true })).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    for (const [path, code] of [
      ['/nowhere/a', 'NOT_FOUND'],
      ['/in/a/b', 'CONFLICT'],
      ['/', 'INPUT_INVALID'],
      ['/in/../../x', 'INPUT_INVALID'],
      ['in/x', 'INPUT_INVALID'],
    ] as const) {
      await expect(put(path)).rejects.toMatchObject({ code });
    }
  });

  test('is refused before it comes where it cannot be: read-only places, too large, no room', async () => {
    await using dir = await tempDir();
    const name = uniqueName();
    await cli('volume', 'create', '--label', 'serverkit.test=1', name);
    try {
      await using box = await container({ options: ['--read-only', '-v', `${name}:/v:ro`] });
      using docker = await connected();
      await using files = filesOf(docker, { stateDir: dir.path, maxBytes: 10 });
      const put = (path: string, content: Buffer) =>
        uploaded(files, asking(containerPlace(box.id), path), content);
      await expect(put('/tmp/x', text('x'))).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(put('/v/x', text('x'))).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(put('/tmp/x', Buffer.alloc(11))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await using roomy = filesOf(docker, { stateDir: dir.path, maxBytes: 2 ** 60 });
      await using open = await container();
      const uploads = await roomy.uploads();
      const order = { id: 'too-large', sizeBytes: 2 ** 52, replace: false, actor: 'usr_1' };
      await expect(uploads.open(asking(containerPlace(open.id), '/x'), order)).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      expect(existsSync(dir.file('uploads')) ? readdirSync(dir.file('uploads')) : []).toEqual([]);
    } finally {
      await cli('volume', 'rm', '--force', name);
    }
  });

  test('leaves what was there where its disk is full, and nothing of itself', async () => {
    using docker = await connected();
    await using files = filesOf(docker);
    const name = uniqueName();
    const options = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=1m'];
    await cli('volume', 'create', '--label', 'serverkit.test=1', ...options, name);
    try {
      await using user = await container({ options: ['-v', `${name}:/v`] });
      await user.exec('sh', '-c', 'echo old >/v/a');
      const place = volumePlace(name);
      await expect(
        uploaded(files, asking(place, '/a'), Buffer.alloc(2_000_000), { replace: true }),
      ).rejects.toThrow(/disk .* is full/);
      expect(await user.exec('sh', '-c', 'ls -A /v; cat /v/a')).toBe('a\nold\n');
      await uploaded(files, asking(place, '/b'), text('fits'));
      expect(await user.exec('cat', '/v/b')).toBe('fits');
    } finally {
      await cli('volume', 'rm', '--force', name);
    }
  });

  test('takes what entering takes where there are files of the host, and never the agent’s own', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('state/stacks/web'), { recursive: true });
    await mkdir(dir.file('data'));
    await writeFile(dir.file('data/a'), 'host');
    using docker = await connected();
    await using files = filesOf(docker, { stateDir: dir.file('state') });
    const scopes = ['docker:containers:privileged'] as const;
    const list = (id: string, options = {}) =>
      files.list(asking(containerPlace(id), '/h', options), { first: 10, after: null });
    const put = (id: string, options = {}) =>
      uploaded(files, asking(containerPlace(id), '/h/new', options), text('x'));
    await using box = await container({ options: ['-v', `${dir.file('data')}:/h`] });
    await expect(list(box.id)).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    await expect(put(box.id)).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    await expect(put(box.id, { scopes, denied: dir.file('data') })).rejects.toMatchObject({
      code: 'POLICY_DENIED',
    });
    expect((await list(box.id, { scopes })).items.map(({ name }) => name)).toEqual(['a']);
    await put(box.id, { scopes });
    expect(statSync(dir.file('data/new')).size).toBe(1);
    for (const above of [dir.path, dir.file('state')]) {
      await using spy = await container({ options: ['-v', `${above}:/h`] });
      await expect(list(spy.id, { scopes })).rejects.toMatchObject({ code: 'POLICY_DENIED' });
      await expect(put(spy.id, { scopes })).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    }
    await using web = await container({ options: ['-v', `${dir.file('state/stacks/web')}:/h`] });
    await put(web.id, { scopes });
  });

  test('is kept apart until it is whole: pieces out of order, too much, another sum, a cancel', async () => {
    await using dir = await tempDir();
    await using box = await container();
    using docker = await connected();
    await using files = filesOf(docker, { stateDir: dir.path });
    const uploads = await files.uploads();
    const request = asking(containerPlace(box.id), '/x');
    const begin = async (id: string) =>
      expect(await uploads.open(request, { id, sizeBytes: 4, replace: false, actor: 'usr_1' })).toBe(true);
    const sum = '0'.repeat(64);
    await begin('disorder');
    await expect(uploads.write('disorder', 1, text('b'))).rejects.toMatchObject({ code: 'CONFLICT' });
    const [spool = ''] = readdirSync(dir.file('uploads'));
    expect(statSync(dir.file(`uploads/${spool}`)).mode & 0o777).toBe(0o600);
    await expect(uploads.write('disorder', 0, text('abcde'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await begin('too-short');
    await uploads.write('too-short', 0, text('abc'));
    await expect(uploads.finish('too-short', sum, request)).rejects.toMatchObject({ code: 'CONFLICT' });
    await begin('other-sum');
    await uploads.write('other-sum', 0, text('abcd'));
    await expect(uploads.finish('other-sum', sum, request)).rejects.toMatchObject({ code: 'CONFLICT' });
    await begin('cancelled');
    await uploads.abort('cancelled');
    await expect(uploads.write('cancelled', 0, text('a'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(uploads.finish('never-was', sum, request)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(readdirSync(dir.file('uploads'))).toEqual([]);
    expect((await box.exec('ls', '-A', '/')).split('\n')).not.toContain('x');
    await begin('restarted');
    await using _next = filesOf(docker, { stateDir: dir.path });
    await eventually(
      () => !existsSync(dir.file('uploads')),
      'what was on its way to be removed by the next start',
    );
  });
});
