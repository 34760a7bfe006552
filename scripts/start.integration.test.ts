import { chmod, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../testing/events.ts';
import { http } from '../testing/http.ts';
import { plainEnv, startProcess } from '../testing/processes.ts';
import type { TestProcess } from '../testing/processes.ts';
import { reapUsersOf } from '../testing/reap.ts';
import { tempDir } from '../testing/tmp.ts';

/** `npm start` on a data folder of its own, ready. */
async function npmStart(): Promise<AsyncDisposable & { npm: TestProcess; url: string; data: string }> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempDir('serverkit-start-'));
  await chmod(folder.path, 0o711);
  const data = folder.file('data');
  undo.defer(async () => {
    await reapUsersOf(data);
  });
  const npm = undo.use(
    startProcess('npm', ['start'], {
      env: plainEnv({ PORT: '0', SERVERKIT_DATA_DIR: data, SERVERKIT_LOCAL_AGENT: 'off' }),
    }),
  );
  const [, url = ''] = await npm.match(/ServerKit is ready at (http\S+)/, 120_000);
  const owned = undo.move();
  return { npm, url, data, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const isServing = (url: string): Promise<boolean> =>
  http(`${url}/healthz`).then(
    () => true,
    () => false,
  );

describe('npm start', () => {
  test('serves the dashboard', async () => {
    await using running = await npmStart();
    const page = await http(running.url);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
  });

  test('that is asked to end, ends when the control plane has', async () => {
    await using running = await npmStart();
    running.npm.kill('SIGTERM');
    expect(await running.npm.exit).toEqual({ code: 0, signal: null });
    expect(await isServing(running.url)).toBe(false);
  });

  test('whose whole group is asked to end, drains all the same', async () => {
    await using running = await npmStart();
    running.npm.killGroup('SIGTERM');
    expect(await running.npm.exit).toEqual({ code: 0, signal: null });
    await expect(readFile(`${running.data}/pg/18/postmaster.pid`)).rejects.toThrow('ENOENT');
  });

  test('that is killed takes the control plane with it', async () => {
    await using running = await npmStart();
    running.npm.kill('SIGKILL');
    expect(
      await eventually(async () => !(await isServing(running.url)), 'the control plane to be gone'),
    ).toBe(true);
  });

  test('that cannot start says why and ends with 1', async () => {
    await using running = await npmStart();
    await using second = startProcess('npm', ['start'], {
      env: plainEnv({ PORT: '0', SERVERKIT_DATA_DIR: running.data, SERVERKIT_LOCAL_AGENT: 'off' }),
    });
    expect(await second.exit).toEqual({ code: 1, signal: null });
    expect(second.output()).toMatch(/data directory .* is in use by another ServerKit/);
  });
});
