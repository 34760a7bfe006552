import { access, readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { answers, controlPlane } from './control-plane.ts';
import { eventually } from './events.ts';

const viewer = 'query { viewer { user { email } } }';

/** Processes whose command line names `path`. */
async function usersOf(path: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(path));
}

describe('a control plane for a test', () => {
  test('serves, knows its admin, and refuses strangers', async () => {
    await using plane = await controlPlane();
    expect(await answers(plane, '/readyz')).toBe(true);

    const admin = await plane.signIn();
    expect(await admin.query(viewer)).toMatchObject({ viewer: { user: { email: plane.admin.email } } });
    await expect(plane.anonymous().query(viewer)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('sends what happens over a subscription', async () => {
    await using plane = await controlPlane();
    const admin = await plane.signIn();
    await using events = admin.subscribe<{ serverEvents: unknown }>(
      'subscription { serverEvents { __typename } }',
    );
    const heard = events.next();
    let [over, made] = [false, 0];
    const stop = (): void => void (over = true);
    heard.then(stop, stop);
    // What happens before the subscription stands is nobody's to tell.
    await eventually(async () => {
      await admin.query(
        'mutation ($input: CreateServerInput!) { createServer(input: $input) { server { id } } }',
        { input: { name: `web-${(made += 1)}` } },
      );
      return over;
    }, 'the first event');
    expect(await heard).toHaveProperty('serverEvents');
  });

  test('leaves nothing behind, even when it was killed', async () => {
    let data = '';
    {
      await using plane = await controlPlane();
      data = plane.dataDir;
      plane.process.kill('SIGKILL');
      await plane.process.exit;
    }
    await expect(access(data)).rejects.toThrow('ENOENT');
    await eventually(async () => (await usersOf(data)).length === 0, 'the database to be gone');
  });
});
