import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { eventually, nextEvent } from '../../../testing/events.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { endLeftGroups, noteGroup } from './process-group.ts';

const sleeper = (): ChildProcess => spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });

// They are known by when they started, which /proc tells.
describe.runIf(process.platform === 'linux')('processes that outlive the agent', () => {
  test('are ended by the next one', async () => {
    await using dir = await tempDir('sk-groups-');
    const child = sleeper();
    noteGroup(child, dir.path);
    const closed = nextEvent(child, 'close');
    endLeftGroups(dir.path);
    expect(await closed).toEqual([null, 'SIGKILL']);
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test('are not mistaken for what has got their number meanwhile', async () => {
    await using dir = await tempDir('sk-groups-');
    const child = sleeper();
    noteGroup(child, dir.path);
    const [name = ''] = readdirSync(dir.path);
    const [pid, since] = readFileSync(dir.file(name), 'utf8').split(' ').map(Number);
    writeFileSync(dir.file(name), `${pid} ${(since ?? 0) - 1}`);
    endLeftGroups(dir.path);
    expect(readdirSync(dir.path)).toEqual([]);
    // It would have been ended by that, and not by this.
    child.kill('SIGTERM');
    expect(await nextEvent(child, 'close')).toEqual([null, 'SIGTERM']);
  });

  test('are noted no more once they have ended', async () => {
    await using dir = await tempDir('sk-groups-');
    const child = spawn('true', { detached: true, stdio: 'ignore' });
    noteGroup(child, dir.path);
    expect(readdirSync(dir.path)).toHaveLength(1);
    await eventually(() => readdirSync(dir.path).length === 0, 'it to be forgotten');
  });

  test('are ended although the first of them has ended, and nobody else is', async () => {
    await using dir = await tempDir('sk-groups-');
    await using elsewhere = await tempDir('sk-groups-');
    const leaving = (cwd: string): ChildProcess =>
      spawn('sh', ['-c', 'sleep 1000 & echo $!; read line'], {
        cwd,
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
    const [ours, theirs] = [leaving(dir.path), leaving(elsewhere.path)];
    const left: number[] = [];
    for (const child of [ours, theirs]) {
      noteGroup(child, dir.path);
      if (child.stdout) left.push(Number(String(await nextEvent(child.stdout, 'data'))));
      const exited = nextEvent(child, 'exit');
      child.stdin?.end('\n');
      await exited;
    }
    const closed = nextEvent(ours, 'close');
    endLeftGroups(dir.path);
    await closed;
    // Else it would be told that there is none.
    expect(process.kill(left[1] ?? 0, 'SIGTERM')).toBe(true);
    await nextEvent(theirs, 'close');
  });

  test('run although they cannot be noted, and what cannot be read or removed ends nobody', async () => {
    await using dir = await tempDir('sk-groups-');
    const child = spawn('cat', { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    noteGroup(child, dir.file('missing'));
    noteGroup(child, dir.path);
    const [name = ''] = readdirSync(dir.path);
    rmSync(dir.file(name));
    mkdirSync(dir.file(name));
    endLeftGroups(dir.path);
    const closed = nextEvent(child, 'close');
    child.stdin?.end();
    expect(await closed).toEqual([0, null]);
    expect(readdirSync(dir.path)).toEqual([name]);
  });
});
