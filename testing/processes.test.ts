import { access } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from './events.ts';
import { plainEnv, run, startProcess } from './processes.ts';
import { tempDir } from './tmp.ts';

describe('a child process of a test', () => {
  test('is matched on what it has printed and on what it will print', async () => {
    await using child = startProcess('sh', ['-c', 'echo port 1234; read line; echo "got $line" >&2']);
    expect((await child.match(/port (\d+)/))[1]).toBe('1234');
    child.write('tea\n');
    await child.match(/got tea/);
    expect(await child.exit).toEqual({ code: 0, signal: null });
    expect(child.stdout()).toBe('port 1234\n');
  });

  test('that ends without the awaited line says so, with its output', async () => {
    await using child = startProcess('sh', ['-c', 'echo out of tea; exit 3']);
    await expect(child.match(/never/)).rejects.toThrow(/ended \(3\).*\nout of tea/s);
  });

  test('that cannot be started says so', async () => {
    await using child = startProcess('/no/such/program', []);
    await expect(child.match(/never/)).rejects.toThrow(/could not start/);
  });

  test('takes its own children with it', async () => {
    let pid = 0;
    {
      await using child = startProcess('sh', ['-c', 'sleep 300 & echo child $!; trap "" TERM; wait; wait'], {
        grace: 200,
      });
      pid = Number((await child.match(/child (\d+)/))[1]);
      expect(process.kill(pid, 0)).toBe(true);
    }
    await eventually(() => !isAlive(pid), 'the grandchild to be gone');
  });

  test('sees nothing of the surroundings that would change the product', () => {
    const env = plainEnv({ PORT: '0' });
    expect(env['PORT']).toBe('0');
    expect(Object.keys(env).filter((name) => /^(VITEST|npm_|SERVERKIT_)/.test(name))).toEqual([]);
  });
});

describe('running a command to its end', () => {
  test('answers its standard output', async () => {
    expect(await run('sh', ['-c', 'echo answer; echo noise >&2'])).toBe('answer\n');
  });

  test('throws with everything it printed', async () => {
    await expect(run('sh', ['-c', 'echo why >&2; exit 7'])).rejects.toThrow(/ended with 7:\nwhy/);
  });
});

test('a temporary folder is gone with its content', async () => {
  let path = '';
  {
    await using dir = await tempDir();
    path = dir.path;
    await run('sh', ['-c', 'echo x > "$0"', dir.file('a')]);
  }
  await expect(access(path)).rejects.toThrow('ENOENT');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
