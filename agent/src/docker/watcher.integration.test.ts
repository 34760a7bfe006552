import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isAlive } from '../../../testing/docker.ts';
import { eventually, nextItem } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import { testImages } from '../../../testing/images.ts';
import { silentLog } from '../log.ts';
import { createDocker } from './docker.ts';
import { privateEngine, type PrivateEngine } from '../../../testing/private-engine.ts';
import type { DockerService } from './service.ts';
import { forever, unlimited } from './testing.ts';

function watching({ socket }: PrivateEngine): DockerService & Disposable {
  const docker = createDocker({ socket, timeoutMs: 30_000, log: silentLog });
  return Object.assign(docker, { [Symbol.dispose]: () => docker.close() });
}

/** Far less than it takes to find out by silence, far more than a busy machine needs. */
const soon = 10_000;

const available = (docker: DockerService, wanted: boolean, limit = 30_000): Promise<unknown> =>
  eventually(() => docker.facts().available === wanted, `Docker to be ${wanted ? 'there' : 'gone'}`, {
    limit,
    every: 20,
  });

describeWith(['docker', 'root'], 'an engine that comes and goes', () => {
  test('is noticed each time, told to subscribers, and refused in between', async () => {
    await using engine = await privateEngine();
    using docker = watching(engine);
    const changes = docker.changes(forever);
    expect(await nextItem(changes)).toMatchObject({ kind: 'DOCKER', docker: { available: false } });
    await eventually(() => docker.facts().error?.includes('not installed or not running'), 'the reason');
    await expect(docker.list({ all: true, ids: null, first: 1, after: null })).rejects.toThrow(
      expect.objectContaining({ code: 'DOCKER_UNAVAILABLE' }),
    );
    expect(docker.counts()).toBeNull();

    await engine.start();
    await available(docker, true, soon);
    expect(docker.facts()).toMatchObject({ available: true, error: null, storageDriver: 'vfs' });
    expect(docker.facts().version).toMatch(/^\d+\./);
    await nextItem(changes, ({ kind, docker: facts }) => kind === 'DOCKER' && facts.available);
    await nextItem(changes, ({ kind, complete }) => kind === 'SNAPSHOT' && complete);
    expect(docker.counts()).toEqual({ containersTotal: 0, containersRunning: 0, imagesTotal: 0 });

    await engine.kill();
    await available(docker, false, soon);
    await nextItem(changes, ({ kind, docker: facts }) => kind === 'DOCKER' && !facts.available);

    await engine.start();
    await available(docker, true, soon);
    await nextItem(changes, ({ kind, complete }) => kind === 'SNAPSHOT' && complete);
    await changes.return();
  });

  test('one that was stopped is left alone until it is started: knocking could start it', async () => {
    await using engine = await privateEngine();
    using docker = watching(engine);
    await engine.start();
    await available(docker, true);
    await engine.stop();
    await available(docker, false);
    // As systemd holds the socket of a service that is stopped, and starts it for whoever connects.
    let knocks = 0;
    await rm(engine.socket, { force: true });
    const held = createServer((socket) => {
      knocks++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => held.listen(engine.socket, resolve));
    const since = Date.now();
    await eventually(() => Date.now() - since > 3000, 'three seconds, in which an agent would have tried');
    expect(knocks).toBe(0);
    await new Promise((resolve) => held.close(resolve));
  });

  test('a log that is followed fails when the engine is killed', async () => {
    await using engine = await privateEngine();
    using docker = watching(engine);
    await engine.start();
    await available(docker, true);
    await run('sh', ['-c', `docker save ${testImages.busybox} | docker --host unix://${engine.socket} load`]);
    const script = 'echo hello; exec sleep 60';
    const id = (
      await engine.cli('run', '--detach', '--network', 'none', testImages.busybox, 'sh', '-c', script)
    ).trim();
    const pid = Number(await engine.cli('inspect', '--format', '{{.State.Pid}}', id));
    const log = docker.logs(
      {
        id,
        tail: null,
        sinceMs: null,
        untilMs: null,
        follow: true,
        stdout: true,
        stderr: true,
        timestamps: false,
      },
      unlimited,
      forever,
    );
    await nextItem(log);
    const rest = log.next().catch((error: unknown) => error);
    await engine.kill();
    expect(await rest).toMatchObject({ code: 'DOCKER_UNAVAILABLE' });
    await eventually(() => !isAlive(pid), 'what ran in a container to end with it');
  });
});
