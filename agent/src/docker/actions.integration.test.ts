import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected, forever } from './testing.ts';

describeWith('docker', 'containers of the real engine', () => {
  test('are listed as the docker command lists them', async () => {
    using docker = await connected();
    const set = uniqueName();
    await using box = await container({ labels: { hostile: '<img src=x onerror=alert(1)>\u001b[2J', set } });
    await using made = await container({ labels: { set }, start: false });
    const { items } = await docker.list({ all: true, ids: [box.id], first: 10, after: null });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: box.id,
      name: box.name,
      state: 'RUNNING',
      image: 'serverkit-test/busybox:1',
      exitCode: null,
      networks: ['bridge'],
    });
    expect(items[0]?.labels).toContainEqual({
      key: 'hostile',
      value: '<img src=x onerror=alert(1)>\u001b[2J',
    });
    const started = Date.parse((await cli('inspect', '--format', '{{.State.StartedAt}}', box.id)).trim());
    expect(items[0]?.startedAt).toBe(started);
    const all = await docker.list({ all: true, ids: null, first: 500, after: null });
    const own = all.items.filter(({ labels }) => labels.some(({ value }) => value === set));
    const listed = await cli('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=set=${set}`);
    expect(own.map(({ id }) => id).toSorted()).toEqual(listed.trim().split('\n').toSorted());
    expect(own.map(({ id }) => id)).toContain(made.id);
  });

  test('come in pages that miss and repeat none', async () => {
    using docker = await connected();
    await using one = await container({ start: false });
    await using two = await container({ start: false });
    await using three = await container({ start: false });
    const ids = [one.id, two.id, three.id];
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await docker.list({ all: true, ids, first: 1, after });
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test('start, stop, pause, unpause, restart and die, and the docker command agrees', async () => {
    using docker = await connected();
    await using box = await container({ start: false });
    const states: [string, string][] = [];
    for (const action of [
      { kind: 'start' },
      { kind: 'pause' },
      { kind: 'unpause' },
      { kind: 'restart', timeoutSeconds: 1 },
      { kind: 'stop', timeoutSeconds: null },
      { kind: 'start' },
      { kind: 'kill', signal: 'SIGKILL' },
    ] as const) {
      const { state } = await docker.act(box.id, action, forever);
      states.push([action.kind, state.toLowerCase()]);
      if (action.kind !== 'kill') expect(state.toLowerCase()).toBe(await box.state());
    }
    expect(states.slice(0, 6)).toEqual([
      ['start', 'running'],
      ['pause', 'paused'],
      ['unpause', 'running'],
      ['restart', 'running'],
      ['stop', 'exited'],
      ['start', 'running'],
    ]);
    await cli('wait', box.id);
    const [dead] = (await docker.list({ all: true, ids: [box.id], first: 1, after: null })).items;
    expect(dead).toMatchObject({ state: 'EXITED', exitCode: 137 });
  });

  test('what is so already is done', async () => {
    using docker = await connected();
    await using box = await container();
    expect((await docker.act(box.id, { kind: 'start' }, forever)).state).toBe('RUNNING');
    await docker.act(box.id, { kind: 'stop', timeoutSeconds: 1 }, forever);
    expect((await docker.act(box.id, { kind: 'stop', timeoutSeconds: 1 }, forever)).state).toBe('EXITED');
  });

  test('what cannot be is refused with its reason', async () => {
    using docker = await connected();
    await using box = await container();
    await using other = await container({ start: false });
    const conflict: unknown = expect.objectContaining({ code: 'CONFLICT' });
    await expect(docker.act(box.id, { kind: 'unpause' }, forever)).rejects.toThrow(conflict);
    await expect(docker.act(other.id, { kind: 'kill', signal: 'SIGTERM' }, forever)).rejects.toThrow(
      conflict,
    );
    await expect(docker.act(other.id, { kind: 'pause' }, forever)).rejects.toThrow(conflict);
    await expect(docker.act(box.id, { kind: 'rename', name: other.name }, forever)).rejects.toThrow(conflict);
    await expect(docker.remove(box.id, { force: false, volumes: false }, forever)).rejects.toThrow(conflict);
    await expect(docker.act(box.id, { kind: 'kill', signal: 'SIGNONE' }, forever)).rejects.toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
    await expect(docker.act('f'.repeat(64), { kind: 'start' }, forever)).rejects.toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  test('a command whose caller has left is not carried out', async () => {
    using docker = await connected();
    await using box = await container();
    const gone = AbortSignal.abort();
    const cancelled: unknown = expect.objectContaining({ code: 'CANCELLED' });
    for (const action of [
      { kind: 'stop', timeoutSeconds: 0 },
      { kind: 'pause' },
      { kind: 'rename', name: uniqueName() },
    ] as const) {
      await expect(docker.act(box.id, action, gone)).rejects.toThrow(cancelled);
    }
    await expect(docker.remove(box.id, { force: true, volumes: true }, gone)).rejects.toThrow(cancelled);
    expect(await box.state()).toBe('running');
  });

  test('are renamed and removed', async () => {
    using docker = await connected();
    await using box = await container();
    const name = uniqueName();
    expect((await docker.act(box.name, { kind: 'rename', name }, forever)).name).toBe(name);
    expect((await cli('inspect', '--format', '{{.Name}}', box.id)).trim()).toBe(`/${name}`);
    expect(await docker.remove(box.id.slice(0, 12), { force: true, volumes: true }, forever)).toBe(box.id);
    expect(await docker.details(box.id)).toBeNull();
  });

  test('one that removes itself when it stops is told as it goes', async () => {
    using docker = await connected();
    await using box = await container({ options: ['--rm'] });
    const { id, state } = await docker.act(box.id, { kind: 'stop', timeoutSeconds: 1 }, forever);
    expect(id).toBe(box.id);
    expect(['EXITED', 'REMOVING']).toContain(state);
  });

  test('a stop waits as long as the container was given', async () => {
    using docker = await connected({ timeoutMs: 1000 });
    const stubborn = ['sh', '-c', 'trap "" TERM; sleep infinity & wait; sleep infinity'];
    await using box = await container({ command: stubborn, options: ['--stop-timeout', '2'] });
    expect((await docker.act(box.id, { kind: 'stop', timeoutSeconds: null }, forever)).state).toBe('EXITED');
  });

  test('details tell what inspect tells, without secrets', async () => {
    using docker = await connected();
    await using box = await container({
      options: ['-e', 'DB_PASSWORD=hunter2', '--memory', '64m', '--restart', 'on-failure:3', '-v', '/data'],
    });
    const details = await docker.details(box.id);
    expect(details).toMatchObject({
      container: { id: box.id, name: box.name },
      environmentNames: expect.arrayContaining(['DB_PASSWORD']),
      limits: { memoryBytes: 64 * 1024 * 1024 },
      restartPolicy: 'on-failure:3',
      privileged: false,
      mounts: [{ type: 'volume', destination: '/data', readOnly: false }],
    });
    expect(JSON.stringify(details)).not.toContain('hunter2');
  });
});
