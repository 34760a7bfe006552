import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startProcess } from '../../../testing/processes.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { endLeftover, forget, remember } from './leftover.ts';

describe('an agent that an earlier ServerKit left behind', () => {
  test('is ended, and forgotten', async () => {
    await using dir = await tempDir();
    await using agent = startProcess('sleep', ['300']);
    remember(dir.file('agent.json'), agent.pid);
    expect(await endLeftover(dir.file('agent.json'))).toBe(true);
    expect(await agent.exit).toMatchObject({ signal: 'SIGTERM' });
    expect(existsSync(dir.file('agent.json'))).toBe(false);
  });

  test('is not mistaken for a process that got its number later', async () => {
    await using dir = await tempDir();
    await using stranger = startProcess('sh', ['-c', 'echo up; read line; echo spared']);
    await stranger.match(/up/);
    const file = dir.file('agent.json');
    remember(file, stranger.pid);
    const known = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      known.replace(/(\d+)"}$/, (_all, ticks: string) => `${Number(ticks) - 1}"}`),
    );
    expect(await endLeftover(file)).toBe(false);
    stranger.write('\n');
    await stranger.match(/spared/);
  });

  test('may be gone, unknown or recorded in a broken file', async () => {
    await using dir = await tempDir();
    const file = dir.file('agent.json');
    expect(await endLeftover(file)).toBe(false);
    writeFileSync(file, '{"pid":');
    expect(await endLeftover(file)).toBe(false);
    await using agent = startProcess('true', []);
    remember(file, agent.pid);
    await agent.exit;
    expect(await endLeftover(file)).toBe(false);
    forget(file);
  });
});
