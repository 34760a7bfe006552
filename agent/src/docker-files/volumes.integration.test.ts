import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import { pruneCandidates } from '../containers/prune.ts';
import { connected, unlimited } from '../docker/testing.ts';
import { ownLabel } from '../docker/own.ts';
import { allImages } from '../images/list.ts';
import { volumesOf } from '../volumes/volumes.ts';
import { all, asking, downloaded, filesOf, volumePlace } from './testing.ts';

/** A volume that no container uses any more, with files in it. */
async function volume(script: string, ...options: readonly string[]) {
  const name = uniqueName();
  await cli('volume', 'create', '--label', 'serverkit.test=1', ...options, name);
  const filled = await container({
    command: ['sh', '-c', `cd /v && ${script}`],
    options: ['-v', `${name}:/v`],
  });
  await cli('wait', filled.id);
  await filled[Symbol.asyncDispose]();
  return { name, [Symbol.asyncDispose]: async () => void (await cli('volume', 'rm', '--force', name)) };
}

const left = async (owner: string): Promise<string[]> => {
  const listed = await cli('ps', '--all', '--quiet', '--filter', `label=${ownLabel}=${owner}`);
  return listed.split('\n').filter(Boolean);
};

describeWith('docker', 'files of a volume', () => {
  test('are read though nobody uses it, and links lead nowhere but inside', async () => {
    await using own = await volume(
      'mkdir -p a/b && echo deep >a/b/file && ln -s a/b inner && ln -s /etc outer && ln -s ../../.. up && ln -s loop loop',
    );
    const owner = uniqueName('agent');
    using docker = await connected();
    await using files = filesOf(docker, { owner });
    const place = volumePlace(own.name);
    const items = await all(files, asking(place, '/'));
    expect(items.map(({ name }) => name)).toEqual(['a', 'inner', 'loop', 'outer', 'up']);
    expect((await downloaded(files, asking(place, '/inner/file'))).content.toString()).toBe('deep\n');
    expect((await files.list(asking(place, '/inner'), { first: 5, after: null })).path).toBe('/a/b');
    for (const path of ['/outer', '/outer/hostname', '/up', '/up/etc']) {
      await expect(all(files, asking(place, path))).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    await expect(all(files, asking(place, '/nothing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(all(files, asking(volumePlace('never-was-one'), '/'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(all(files, asking(volumePlace('../x'), '/'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(await left(owner)).toEqual([]);
    expect((await cli('volume', 'ls', '--quiet')).split('\n')).not.toContain('never-was-one');
  });

  test('that stands for a folder of the host take its right, and its paths are judged', async () => {
    await using own = await volume('true', '--opt', 'type=none', '--opt', 'o=bind', '--opt', 'device=/etc');
    const owner = uniqueName('agent');
    using docker = await connected();
    await using files = filesOf(docker, { owner });
    const list = (options: Parameters<typeof asking>[2]) =>
      files.list(asking(volumePlace(own.name), '/', options), { first: 1000, after: null });
    const scopes = ['docker:containers:privileged'] as const;
    await expect(list({})).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    await expect(list({ scopes, denied: '/etc' })).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    expect((await list({ scopes })).items.map(({ name }) => name)).toContain('hostname');
  });

  test('are read by a helper that nobody sees, and that goes when its reader leaves or dies', async () => {
    await using own = await volume('head -c 3000000 /dev/zero >zeros');
    const owner = uniqueName('agent');
    using docker = await connected();
    const reader = new AbortController();
    {
      await using files = filesOf(docker, { owner });
      const request = asking(volumePlace(own.name), '/zeros', { signal: reader.signal });
      const pieces = files.download(request, false, unlimited);
      await pieces.next();
      const [helper = ''] = await left(owner);
      expect(helper).not.toBe('');
      const shown = await docker.list({ all: true, ids: null, first: 10_000, after: null });
      expect(shown.items.map(({ id }) => id.slice(0, 12))).not.toContain(helper);
      const candidates = await pruneCandidates({ docker });
      expect(candidates.map(({ id }) => id.slice(0, 12))).not.toContain(helper);
      expect((await volumesOf(docker.engine).find(own.name))?.users).toEqual([]);
      expect((await allImages(docker.engine)).flatMap(({ labels }) => labels)).not.toContainEqual({
        key: ownLabel,
        value: owner,
      });
      reader.abort();
      await eventually(async () => (await left(owner)).length === 0, 'the helper to be gone');
    }
    // What a crash leaves, the next start removes.
    await cli(
      'create',
      '--label',
      `${ownLabel}=${owner}`,
      '-v',
      `${own.name}:/v`,
      'serverkit-test/busybox:1',
    );
    await using _next = filesOf(docker, { owner });
    await eventually(async () => (await left(owner)).length === 0, 'what was left to be gone');
  });
});
