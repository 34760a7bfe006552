import { describe, expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { connected } from '../docker/testing.ts';
import { commit, update } from './change.ts';
import { changedFiles, environment, processes } from './look.ts';
import { prune, pruneCandidates } from './prune.ts';
import { workWith } from './testing.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const inspect = async (format: string, id: string): Promise<string> =>
  (await cli('inspect', '--format', format, id)).trim();

describe('looking into a container', () => {
  test('its processes are those of docker top', async () => {
    using docker = await connected();
    await using box = await container();
    const listed = async () => (await cli('top', box.id, '-eo', 'pid,args')).trim().split('\n').slice(1);
    // A container runs before its shell has begun what it is to do.
    await eventually(
      async () => (await listed()).some((line) => line.endsWith(' sleep infinity')),
      'its sleep',
    );
    const { titles, rows } = await processes(workWith(docker), box.id);
    expect(titles).toEqual(['USER', 'PID', 'PPID', '%CPU', '%MEM', 'ELAPSED', 'COMMAND']);
    expect(rows.map((row) => `${row[1]} ${row[6]}`)).toEqual(
      (await listed()).map((line) => line.replace(/ +/, ' ')),
    );
    await using stopped = await container({ start: false });
    await expect(processes(workWith(docker), stopped.id)).rejects.toThrow(coded('CONFLICT'));
  });

  test('its changed files are those of docker diff', async () => {
    using docker = await connected();
    await using box = await container();
    await box.exec('sh', '-c', 'mkdir /new && echo x > "/new/a b" && rm /bin/busybox');
    const { total, items } = await changedFiles(workWith(docker), box.id);
    const letters = { ADDED: 'A', DELETED: 'D', MODIFIED: 'C' };
    const diff = (await cli('diff', box.id)).trim().split('\n').toSorted();
    expect(items.map(({ path, kind }) => `${letters[kind]} ${path}`).toSorted()).toEqual(diff);
    expect(total).toBe(diff.length);
    expect(items).toContainEqual({ path: '/new/a b', kind: 'ADDED' });
  });

  test('its environment shows what does not look secret, and all of it when asked for', async () => {
    using docker = await connected();
    await using box = await container({
      options: [
        '--env',
        'MODE=fast',
        '--env',
        'DB_PASSWORD=hunter2',
        '--env',
        'DB=postgres://u:hunter3@db/x',
      ],
    });
    // The command hands them over in any order.
    const sorted = (variables: readonly { readonly name: string }[] = []) =>
      variables.toSorted((one, other) => one.name.localeCompare(other.name));
    const details = await docker.details(box.id);
    expect(sorted(details?.environment)).toEqual([
      { name: 'DB', value: null, secret: null },
      { name: 'DB_PASSWORD', value: null, secret: null },
      { name: 'MODE', value: 'fast', secret: null },
      { name: 'PATH', value: '/bin', secret: null },
    ]);
    expect(JSON.stringify(details)).not.toContain('hunter');
    expect(sorted(await environment(workWith(docker), box.id))).toEqual([
      { name: 'DB', value: 'postgres://u:hunter3@db/x' },
      { name: 'DB_PASSWORD', value: 'hunter2' },
      { name: 'MODE', value: 'fast' },
      { name: 'PATH', value: '/bin' },
    ]);
    await using strong = await container({ options: ['--pid', 'host'], start: false });
    await expect(environment(workWith(docker), strong.id)).rejects.toThrow(coded('PRIVILEGE_NEEDED'));
  });
});

describe('changing a container', () => {
  test('limits and restart policy without a restart', async () => {
    using docker = await connected();
    await using box = await container({ options: ['--memory', '64m', '--cpus', '1'] });
    const pid = await inspect('{{.State.Pid}}', box.id);
    const work = workWith(docker);
    await update(
      box.id,
      {
        limits: { memoryBytes: 512 << 20, cpus: 0.5, pids: 60 },
        restartPolicy: { name: 'ON_FAILURE', maximumRetries: 4 },
      },
      work,
    );
    expect(
      await inspect('{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}', box.id),
    ).toBe(`${512 << 20} 500000000 60`);
    expect(await inspect('{{json .HostConfig.RestartPolicy}}', box.id)).toBe(
      '{"Name":"on-failure","MaximumRetryCount":4}',
    );
    await update(box.id, { limits: null, restartPolicy: { name: 'NO' } }, work);
    expect(await inspect('{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}', box.id)).toBe(
      `no ${512 << 20}`,
    );
    expect(await inspect('{{.State.Pid}}', box.id)).toBe(pid);
  });

  test('is refused for nonsense, and for one that reaches beyond itself', async () => {
    using docker = await connected();
    await using strong = await container({ options: ['--pid', 'host'], start: false });
    const work = workWith(docker);
    await expect(update(strong.id, { limits: { cpus: -1 }, restartPolicy: null }, work)).rejects.toThrow(
      coded('INPUT_INVALID'),
    );
    await expect(update(strong.id, { limits: { cpus: 1 }, restartPolicy: null }, work)).rejects.toThrow(
      coded('PRIVILEGE_NEEDED'),
    );
    const reference = `${uniqueName()}:1`;
    const options = { reference, comment: null, author: null, pause: true };
    await expect(commit(strong.id, options, work)).rejects.toThrow(coded('SCOPE_DENIED'));
    const writing = workWith(docker, { scopes: ['docker:images:write'] });
    await expect(commit(strong.id, options, writing)).rejects.toThrow(coded('PRIVILEGE_NEEDED'));
  });

  test('an image of its files as they are', async () => {
    using docker = await connected();
    await using box = await container();
    await box.exec('sh', '-c', 'echo kept > /file');
    const reference = `${uniqueName()}:1`;
    const id = await commit(
      box.id,
      { reference, comment: 'a comment', author: 'me', pause: true },
      workWith(docker, { scopes: ['docker:images:write'] }),
    );
    try {
      expect(await cli('run', '--rm', reference, 'cat', '/file')).toBe('kept\n');
      expect(await inspect('{{.Id}} {{.Author}} {{.Comment}}', reference)).toBe(`${id} me a comment`);
    } finally {
      await cli('rmi', reference);
    }
  });
});

test('what is pruned is what was shown, and nothing that stopped or started meanwhile', async () => {
  using docker = await connected();
  const work = workWith(docker);
  await using written = await container({ command: ['sh', '-c', 'head -c 100000 /dev/zero > /file'] });
  await cli('wait', written.id);
  await using again = await container({ start: false });
  const mine = (await pruneCandidates(work)).filter(({ id }) => [written.id, again.id].includes(id));
  expect(mine.map(({ name }) => name)).toEqual([written.name, again.name].toSorted());
  const size = await cli('ps', '--all', '--size', '--filter', `id=${written.id}`, '--format', '{{.Size}}');
  expect(size).toMatch(/^100kB/);
  await using later = await container({ start: false });
  await cli('start', again.id);
  const ids = [...mine.map(({ id }) => id), 'f'.repeat(64)];
  await expect(prune(ids, true, work)).rejects.toMatchObject({ code: 'SCOPE_DENIED' });
  const { removed, kept } = await prune(ids, true, workWith(docker, { scopes: ['docker:volumes:write'] }));
  expect(removed).toEqual(mine.filter(({ id }) => id === written.id));
  expect(removed[0]?.bytes).toBe(100_000);
  expect(kept).toEqual([
    { id: again.id, name: '', reason: 'It runs again.' },
    { id: 'f'.repeat(64), name: '', reason: 'It is gone already.' },
  ]);
  expect(await later.state()).toBe('created');
  await expect(written.state()).rejects.toThrow(/no such/i);
});
