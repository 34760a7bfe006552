import { describe, expect, test } from 'vitest';
import { container, docker as cli } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { connected } from '../docker/testing.ts';
import { exec, maxExecOutput, type ExecOptions } from './exec.ts';
import { workWith } from './testing.ts';

const running = (command: readonly string[], given: Partial<ExecOptions> = {}): ExecOptions => ({
  command,
  user: null,
  workingDir: null,
  environment: [],
  timeoutMs: 20_000,
  ...given,
});
const shell = (line: string, given: Partial<ExecOptions> = {}) => running(['sh', '-c', line], given);

describe('a command in a container', () => {
  test('is run to its end as docker exec runs it', async () => {
    using docker = await connected();
    await using box = await container();
    const work = workWith(docker);
    expect(await exec(box.id, running(['cat', '/proc/self/cmdline']), work)).toEqual({
      exitCode: 0,
      output: await box.exec('cat', '/proc/self/cmdline'),
      end: 'ENDED',
    });
    expect(await exec(box.id, shell('echo out; echo err >&2; exit 7'), work)).toMatchObject({
      exitCode: 7,
      output: expect.stringMatching(/^(out\nerr\n|err\nout\n)$/),
    });
    const given = { user: '1000:10', workingDir: '/tmp', environment: [{ name: 'A', value: 'b c' }] };
    const told = await exec(box.id, shell('echo $(id -u):$(id -g) $(pwd) "$A"', given), work);
    expect(told.output).toBe('1000:10 /tmp b c\n');
  });

  test('sees no quoting or expansion that nobody asked for', async () => {
    using docker = await connected();
    await using box = await container();
    const odd = ['$(id)', '; reboot', '"', "'", '-n', 'ü\n'];
    const { output } = await exec(box.id, running(['printf', '[%s]', ...odd]), workWith(docker));
    expect(output).toBe(odd.map((word) => `[${word}]`).join(''));
  });

  const left = async (id: string): Promise<string> => cli('top', id, '-eo', 'pid,args');

  test.each([
    ['TIMEOUT', 'sleep 4711 & sleep 4711', { timeoutMs: 500 }],
    ['OUTPUT_LIMIT', '(sleep 4711 & yes 4711)', {}],
  ] as const)('that does not end is ended with what it started: %s', async (end, line, given) => {
    using docker = await connected();
    await using box = await container();
    const result = await exec(box.id, shell(line, given), workWith(docker));
    expect(result).toMatchObject({ exitCode: null, end });
    expect(result.output.length).toBeLessThanOrEqual(maxExecOutput);
    expect(await left(box.id)).not.toContain('4711');
  });

  test('is ended when nobody waits for it any more', async () => {
    using docker = await connected();
    await using box = await container();
    const leaving = new AbortController();
    const run = exec(box.id, shell('sleep 4712'), { ...workWith(docker), signal: leaving.signal });
    run.catch(() => undefined);
    await eventually(async () => {
      return (await left(box.id)).includes('4712');
    }, 'the command to run');
    leaving.abort();
    await expect(run).rejects.toThrow(expect.objectContaining({ code: 'CANCELLED' }));
    expect(await left(box.id)).not.toContain('4712');
  });

  test('that cannot be run is told as it is', async () => {
    using docker = await connected();
    await using box = await container();
    await using stopped = await container({ start: false });
    await using strong = await container({ options: ['--cap-add', 'NET_ADMIN'] });
    const work = workWith(docker);
    expect(await exec(box.id, running(['/no/such/program']), work)).toMatchObject({
      exitCode: 126,
      output: expect.stringContaining('/no/such/program'),
    });
    await expect(exec(stopped.id, running(['true']), work)).rejects.toThrow(
      expect.objectContaining({ code: 'CONFLICT' }),
    );
    await expect(exec(strong.id, running(['true']), work)).rejects.toThrow(
      expect.objectContaining({ code: 'PRIVILEGE_NEEDED' }),
    );
    const privileged = workWith(docker, { scopes: ['docker:containers:privileged'] });
    expect(await exec(strong.id, running(['true']), privileged)).toMatchObject({ exitCode: 0 });
  });
});
