import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { describeWith } from '../../../testing/parts.ts';
import { privateEngine } from '../../../testing/private-engine.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { createEngine, type Engine } from '../docker/engine.ts';
import { forever } from '../docker/testing.ts';
import { createNetwork, listNetworks, pruneNetworks } from '../networks/networks.ts';
import { Volumes } from './volumes.ts';

const unavailable: unknown = expect.objectContaining({ code: 'DOCKER_UNAVAILABLE' });

/** Everything that reads or changes volumes and networks says that Docker is not there. */
async function expectUnavailable(engine: Engine): Promise<void> {
  const volumes = new Volumes(engine);
  const network = { name: 'n', driver: 'bridge', internal: false, attachable: false, ipv6: false };
  const attempts = [
    volumes.list(),
    volumes.create({ name: 'v', driver: 'local', options: [], labels: [] }, forever),
    volumes.remove('v', forever),
    volumes.unused(true),
    volumes.prune(['v'], Date.now(), forever),
    listNetworks(engine),
    createNetwork(engine, { ...network, subnets: [], options: [], labels: [] }, forever),
    pruneNetworks(engine, ['n'], forever),
  ];
  for (const attempt of attempts) await expect(attempt).rejects.toThrow(unavailable);
}

describeWith(['docker', 'root'], 'volumes and networks of an engine that fails', () => {
  test('that is stopped, and started again', async () => {
    await using engine = await privateEngine();
    await engine.start();
    const client = createEngine({ socket: engine.socket, timeoutMs: 10_000 });
    const volumes = new Volumes(client);
    await volumes.create({ name: 'kept', driver: 'local', options: [], labels: [] }, forever);
    await engine.stop();
    await expectUnavailable(client);
    await engine.start();
    expect((await volumes.list()).map(({ name }) => name)).toEqual(['kept']);
    expect((await listNetworks(client)).map(({ name }) => name)).toEqual(['host', 'none']);
  });

  test('that hangs', async () => {
    await using folder = await tempDir('sk-hung-');
    const socket = folder.file('docker.sock');
    const hung = createServer(() => undefined);
    await new Promise<void>((resolve) => hung.listen(socket, resolve));
    try {
      const client = createEngine({ socket, timeoutMs: 200 });
      const volumes = new Volumes(client);
      await expect(volumes.list()).rejects.toThrow(unavailable);
      await expect(listNetworks(client)).rejects.toThrow(unavailable);
      await expect(
        volumes.create({ name: 'v', driver: 'local', options: [], labels: [] }, forever),
      ).rejects.toThrow(unavailable);
    } finally {
      hung.close();
    }
  });
});
