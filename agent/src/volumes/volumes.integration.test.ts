import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected, forever } from '../docker/testing.ts';
import { volumesOf } from './volumes.ts';

interface TestVolume extends AsyncDisposable {
  readonly name: string;
}

async function volume(...options: readonly string[]): Promise<TestVolume> {
  const name = (await cli('volume', 'create', '--label', 'serverkit.test=1', ...options)).trim();
  return { name, [Symbol.asyncDispose]: async () => void (await cli('volume', 'rm', '--force', name)) };
}

const inspect = async (name: string): Promise<Record<string, unknown>> => {
  const [found]: Record<string, unknown>[] = JSON.parse(await cli('volume', 'inspect', name));
  if (!found) throw new Error('no such volume');
  return found;
};

const conflict: unknown = expect.objectContaining({ code: 'CONFLICT' });

describeWith('docker', 'volumes of the real engine', () => {
  test('are listed as the docker command lists and inspects them, with who uses them', async () => {
    using docker = await connected();
    const set = uniqueName();
    await using one = await volume('--label', 'hostile=<img src=x>', '--label', `set=${set}`);
    await using other = await volume('--label', `set=${set}`);
    await using box = await container({ options: ['-v', `${one.name}:/data:ro`], start: false });
    const volumes = await volumesOf(docker.engine).list();
    const own = volumes.filter(({ labels }) => labels.some(({ value }) => value === set));
    const listed = await cli('volume', 'ls', '--quiet', '--filter', `label=set=${set}`);
    expect(own.map(({ name }) => name).toSorted()).toEqual(listed.trim().split('\n').toSorted());
    expect(own.map(({ name }) => name)).toContain(other.name);
    const told = await inspect(one.name);
    expect(await volumesOf(docker.engine).find(one.name)).toEqual({
      name: told['Name'],
      driver: told['Driver'],
      scope: told['Scope'],
      mountpoint: told['Mountpoint'],
      createdAt: Date.parse(String(told['CreatedAt'])),
      anonymous: true,
      labels: expect.arrayContaining([
        { key: 'hostile', value: '<img src=x>' },
        { key: 'serverkit.test', value: '1' },
      ]),
      options: [],
      users: [
        {
          containerId: box.id,
          containerName: box.name,
          running: false,
          destination: '/data',
          readOnly: true,
        },
      ],
    });
    expect(await volumesOf(docker.engine).find('no-such-volume')).toBeNull();
  });

  test('are made with driver, options and labels, once by a name', async () => {
    using docker = await connected();
    const name = uniqueName();
    const volumes = volumesOf(docker.engine);
    const options = [
      { key: 'type', value: 'tmpfs' },
      { key: 'device', value: 'tmpfs' },
      { key: 'o', value: 'size=1m' },
    ];
    const wanted = { name, driver: 'local', options, labels: [{ key: 'a', value: 'b' }] };
    try {
      expect(await volumes.create(wanted, forever)).toMatchObject({ name, driver: 'local', users: [] });
      expect(await inspect(name)).toMatchObject({
        Driver: 'local',
        Labels: { a: 'b' },
        Options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' },
      });
      await expect(volumes.create({ ...wanted, options: [] }, forever)).rejects.toThrow(conflict);
    } finally {
      await cli('volume', 'rm', '--force', name);
    }
  });

  test('in use are not removed, and go once nothing uses them', async () => {
    using docker = await connected();
    await using one = await volume();
    const volumes = volumesOf(docker.engine);
    {
      await using _box = await container({ options: ['-v', `${one.name}:/data`], start: false });
      await expect(volumes.remove(one.name, forever)).rejects.toThrow(conflict);
    }
    await expect(volumes.remove(one.name, AbortSignal.abort())).rejects.toThrow(
      expect.objectContaining({ code: 'CANCELLED' }),
    );
    await volumes.remove(one.name, forever);
    await expect(inspect(one.name)).rejects.toThrow(/no such volume/i);
    await expect(volumes.remove(one.name, forever)).rejects.toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  test('are as large as docker system df says, measured by one for all who ask', async () => {
    using docker = await connected();
    await using one = await volume();
    await using _box = await container({
      options: ['-v', `${one.name}:/data`],
      command: ['sh', '-c', 'head -c 300000 /dev/zero > /data/zeros; sleep 60'],
    });
    const volumes = volumesOf(docker.engine);
    await cli('exec', _box.id, 'sh', '-c', 'until [ -s /data/zeros ]; do sleep 0.05; done; sync');
    const [a, b] = await Promise.all([volumes.sizes(), volumes.sizes()]);
    expect(a).toBe(b);
    const size = a.items.find(({ name }) => name === one.name)?.sizeBytes;
    expect(size).toBe(300_000);
    const listed: string = await cli('system', 'df', '--verbose', '--format', '{{json .Volumes}}');
    expect(listed).toContain(one.name);
    expect(listed).toMatch(/"Size":"300kB"/);
    expect(await volumes.sizes()).toBe(a);
  });

  test('that nothing uses are shown before they go, and nothing else goes', async () => {
    using docker = await connected();
    const named = uniqueName();
    await cli('volume', 'create', named);
    await using anonymous = await volume();
    await using used = await volume();
    await using late = await volume();
    await using _box = await container({ options: ['-v', `${used.name}:/data`], start: false });
    const volumes = volumesOf(docker.engine);
    try {
      const names = async (all: boolean): Promise<string[]> =>
        (await volumes.unused(all)).map(({ name }) => name);
      const unasked = await names(false);
      expect(unasked).toContain(anonymous.name);
      expect(unasked).not.toContain(named);
      expect(unasked).not.toContain(used.name);
      expect(await names(true)).toEqual(expect.arrayContaining([anonymous.name, named]));
      const shownAt = Date.now();
      await using _taken = await container({ options: ['-v', `${late.name}:/data`], start: false });
      const pruned = await volumes.prune(
        [anonymous.name, used.name, late.name, 'never-was'],
        shownAt,
        forever,
      );
      expect(pruned.removed).toEqual([{ name: anonymous.name, sizeBytes: 0 }]);
      expect(pruned.kept.map(({ name }) => name)).toEqual([used.name, late.name, 'never-was']);
      const left = (await cli('volume', 'ls', '--quiet')).trim().split('\n');
      expect(left).toEqual(expect.arrayContaining([named, used.name, late.name]));
      expect(left).not.toContain(anonymous.name);
      const before = await volumes.prune([named], Date.now() - 3_600_000, forever);
      expect(before).toMatchObject({ removed: [], kept: [{ name: named }] });
    } finally {
      await cli('volume', 'rm', '--force', named);
    }
  });
});
