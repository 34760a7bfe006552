import { existsSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { AgentError } from '../errors.ts';
import { createNormaliser } from './normalise.ts';
import { createRunCompose, type ComposeCall } from './run.ts';

/** Runs a shell instead of Compose. */
async function shell(
  script: string,
  call: Partial<ComposeCall> = {},
  ask: () => Promise<unknown> = () => Promise.resolve(),
) {
  await using dir = await tempDir('sk-run-');
  const run = createRunCompose({ socket: '/nowhere.sock', home: dir.path, ask, silenceMs: 20 });
  return await run(['sh', '-c'], { args: [script], signal: new AbortController().signal, ...call });
}

test('what it says is told no faster than it is taken', async () => {
  const gate = Promise.withResolvers<void>();
  let told = 0;
  const running = shell('yes | head -c 4000000; echo end', {
    onLine: () => void (told += 1),
    ready: () => gate.promise,
  });
  await eventually(() => told > 0, 'its first lines');
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(told).toBeLessThan(1_000_000);
  gate.resolve();
  expect((await running).stdout).toMatch(/y\nend\n$/);
  expect(told).toBe(2_000_001);
}, 60_000);

test('of what is told line by line the end alone is kept, and a line without end is told in pieces', async () => {
  const lengths: number[] = [];
  const { stdout } = await shell('head -c 3000000 /dev/zero | tr "\\0" x', {
    onLine: (line) => void lengths.push(line.length),
  });
  expect(stdout.length).toBeLessThan(100_000);
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(3_000_000);
  expect(Math.max(...lengths)).toBeLessThan(200_000);
});

test('what an agent that was killed left of a command is gone when the next begins', async () => {
  await using dir = await tempDir('sk-scratch-');
  const [left, other] = [dir.file('0123456789abcdef.env'), dir.file('kept.env')];
  for (const file of [left, other]) writeFileSync(file, 'SECRET=hunter2');
  createNormaliser({
    run: () => Promise.reject(new Error('not run')),
    finder: { find: () => Promise.reject(new Error('not looked for')) },
    scratch: dir.path,
  });
  expect([existsSync(left), existsSync(other)]).toEqual([false, true]);
});

test('it waits for an engine that answers, and is ended while it waits for one that does not', async () => {
  let asked = 0;
  const ask = (): Promise<void> => {
    asked += 1;
    return asked < 3 ? Promise.resolve() : Promise.reject(new AgentError('DOCKER_UNAVAILABLE', 'it hangs'));
  };
  await expect(shell('sleep 1000', {}, ask)).rejects.toMatchObject({ code: 'DOCKER_UNAVAILABLE' });
  // It may be asked once more while the command ends.
  expect(asked).toBeGreaterThanOrEqual(3);
});
