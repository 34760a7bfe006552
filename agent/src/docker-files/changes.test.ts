import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createDocker } from '../docker/docker.ts';
import { AgentError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { rename } from './changes.ts';
import { createDockerFiles } from './docker-files.ts';
import { oneFolder, type OneFolderOptions } from './testing-engine.ts';
import { asking, containerPlace } from './testing.ts';

function renaming(options: OneFolderOptions, signal = new AbortController().signal) {
  const place = oneFolder(options);
  place.files.set('there', 'ours');
  return { files: place.files, done: rename(place, '/there', 'other', signal) };
}

describe('a file that gets another name', () => {
  test('is told as done when it is cancelled once the engine has it', async () => {
    const leaving = new AbortController();
    const unpacked = (): Promise<void> => {
      leaving.abort();
      return Promise.resolve();
    };
    const { files, done } = renaming({ links: true, unpacked }, leaving.signal);
    expect(await done).toBe('/other');
    expect([...files]).toEqual([['other', 'ours']]);
  });

  test('is told as cancelled only where nothing was done', async () => {
    const leaving = new AbortController();
    const { files, done } = renaming({ links: true, reading: () => leaving.abort() }, leaving.signal);
    await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
    expect([...files]).toEqual([['there', 'ours']]);
  });

  test('leaves alone what took that name while it was looked at', async () => {
    const place = { links: true, reading: () => void files.set('other', 'theirs') };
    const { files, done } = renaming(place);
    await expect(done).rejects.toMatchObject({ code: 'CONFLICT' });
    expect([...files]).toEqual([
      ['there', 'ours'],
      ['other', 'theirs'],
    ]);
  });

  test('is refused where it would lose its capabilities', async () => {
    const { files, done } = renaming({ links: true, pax: { 'SCHILY.xattr.security.capability': '\u0001' } });
    await expect(done).rejects.toThrow(/has capabilities of its own, which Docker would take from it/);
    expect([...files]).toEqual([['there', 'ours']]);
  });
});

test('of a server so many files are changed at once, and the others when it is their turn', async () => {
  const docker = createDocker({ socket: '/nowhere/docker.sock', timeoutMs: 1_000, log: silentLog });
  try {
    let [now, most, all] = [0, 0, 0];
    const files = createDockerFiles({
      docker: {
        engine: docker.engine,
        facts: () => docker.facts(),
        async find() {
          now += 1;
          all += 1;
          most = Math.max(most, now);
          await setImmediate();
          now -= 1;
          throw new AgentError('NOT_FOUND', 'There is no such container.');
        },
      },
      owner: 'test',
      own: { keyFile: '/nowhere/agent.key', stateDir: '/nowhere', stacks: '/nowhere/stacks' },
      uploads: { folder: '/nowhere/uploads', maxBytes: 1 },
      log: silentLog,
    });
    const change = () => files.change(asking(containerPlace('box'), '/a'), { kind: 'FOLDER' });
    const results = await Promise.allSettled(Array.from({ length: 12 }, change));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 'rejected'));
    expect({ all, most }).toEqual({ all: 12, most: 4 });
    await files.close();
  } finally {
    docker.close();
  }
});
