import { expect, test } from 'vitest';
import { container, docker, removeLeftovers, uniqueName } from './docker.ts';
import { run } from './processes.ts';
import { describeWith } from './parts.ts';

describeWith('docker', 'containers for tests', () => {
  test('run by default, answer, and are gone after their block', async () => {
    let id = '';
    {
      await using box = await container();
      id = box.id;
      expect(await box.state()).toBe('running');
      expect(await box.exec('echo', 'inside')).toBe('inside\n');
    }
    expect(await docker('ps', '--all', '--quiet', '--filter', `id=${id}`)).toBe('');
  });

  test('end at once when told to', async () => {
    await using box = await container();
    const start = performance.now();
    await docker('stop', box.id);
    // Docker would kill it after ten.
    expect(performance.now() - start).toBeLessThan(9_000);
    expect(await box.state()).toBe('exited');
  });

  test('are swept when the process that made them is gone, and only then', async () => {
    const name = uniqueName();
    const label = `serverkit.test.owner=${(await run('sh', ['-c', 'echo $$'])).trim()}`;
    await docker('create', '--name', name, '--label', label, 'serverkit-test/busybox:1', 'true');
    await using mine = await container({ start: false });

    await removeLeftovers();

    expect(await docker('ps', '--all', '--quiet', '--filter', `name=${name}`)).toBe('');
    expect(await mine.state()).toBe('created');
  });
});
