import { chmod, mkdir, rm, statfs } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answers, controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { run } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { addServer, storedSamples, untilStatus } from '../install/plane.ts';
import { byPlace, stopContainer } from './fleet.ts';
import { managedHost, type Host } from './host.ts';

/** A file system of its own, that can be filled. */
interface Disk {
  readonly path: string;
  /** Leaves so many bytes free. */
  leave(bytes: number): Promise<void>;
  empty(): Promise<void>;
}

describeWith(['root', 'docker'], 'a disk that fills up', () => {
  let undo: AsyncDisposableStack;
  let plane: ControlPlane;
  let client: TestClient;
  let host: Host;
  let serverId: string;
  beforeEach(() => {
    undo = new AsyncDisposableStack();
  });
  afterEach(() => undo.disposeAsync());

  async function disk(size: string): Promise<Disk> {
    const folder = undo.use(await tempDir('serverkit-disk-'));
    await chmod(folder.path, 0o711);
    const path = folder.file('disk');
    await mkdir(path);
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=711`, 'tmpfs', path]);
    undo.defer(async () => {
      await run('umount', ['--lazy', path]);
    });
    const ballast = `${path}/ballast`;
    const free = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    };
    return {
      path,
      async leave(bytes) {
        // Others write as well; whatever room is left in the end is theirs.
        const rest = Math.max(0, (await free()) - bytes);
        await run('sh', ['-c', `head -c ${rest} /dev/zero >> ${ballast} || true`]);
      },
      empty: () => rm(ballast),
    };
  }

  async function join(dataDir?: string, stateDir?: string): Promise<void> {
    plane = undo.use(await controlPlane(dataDir === undefined ? {} : { dataDir }));
    client = await plane.signIn();
    host = undo.use(
      await managedHost({ docker: '/var/run/docker.sock', ...(stateDir === undefined ? {} : { stateDir }) }),
    );
    const added = await addServer(client, 'host');
    ({ serverId } = added);
    await host.register(plane.url, added.token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  }

  /** Waits until the database has all that the agent kept, and compares. */
  async function expectNothingLost(): Promise<void> {
    const ring = await eventually(
      async () => {
        const kept = await host.ring();
        return kept.length > 0 && kept;
      },
      'the first sample',
      { limit: 60_000, every: 250 },
    );
    const last = ring.at(-1);
    const stored = await eventually(
      async () => {
        const rows = await storedSamples(plane, serverId);
        return rows.some(({ epoch, seq }) => epoch === last?.epoch && seq === last.seq) && rows;
      },
      'everything measured to be stored',
      { limit: 60_000, every: 250 },
    );
    expect(byPlace(stored)).toEqual(byPlace(ring));
  }

  const rename = /* GraphQL */ `
    mutation ($input: UpdateServerInput!) {
      updateServer(input: $input) {
        server {
          description
        }
      }
    }
  `;

  test('below the control plane: metrics wait, people go on, and at the very end they are told', async () => {
    const small = await disk('900m');
    await join(`${small.path}/data`);

    // Below the floor nothing is stored of what agents can keep.
    await small.leave(300 * 1024 * 1024);
    await plane.process.match(/metrics cannot be stored now/, 90_000);
    await plane.signIn();
    const { updateServer } = await client.query<{ updateServer: unknown }>(rename, {
      input: { serverId, description: 'still editable' },
    });
    expect(updateServer).toEqual({ server: { description: 'still editable' } });

    // Not a byte left: whoever changes something is told in words, or it is kept.
    await small.leave(0);
    let kept = 'still editable';
    const refusals = new Set<unknown>();
    for (let n = 0; n < 2_000 && refusals.size === 0; n += 1) {
      // The database gives room back now and then.
      if (n % 25 === 0) await small.leave(0);
      const description = `${n} ${'x'.repeat(480)}`;
      const { errors } = await client.answer(rename, { input: { serverId, description } });
      if (!errors) kept = description;
      else refusals.add(errors[0]?.extensions?.['code']);
    }
    expect([...refusals]).toEqual(['UNAVAILABLE']);
    expect(await answers(plane, '/healthz')).toBe(true);

    await small.empty();
    await eventually(
      async () => {
        const { server } = await client.query<{ server: { description: string } }>(
          'query ($id: ID!) { server(id: $id) { description } }',
          { id: serverId },
        );
        expect(server.description).toBe(kept);
        await client.query(rename, { input: { serverId, description: 'room again' } });
        return true;
      },
      'changes to be taken again',
      { limit: 60_000, every: 250 },
    );
    await expectNothingLost();
    await untilStatus(client, serverId, 'ONLINE');
  });

  test("on the agent's host: nothing is done that cannot be written down, and nothing measured is lost", async () => {
    const small = await disk('2m');
    await join(undefined, `${small.path}/state`);
    await using box = await container();
    await small.leave(0);

    // What the journal keeps in reserve, so that room can be made through the agent itself, is used up some day.
    await rm(`${small.path}/state/journal.jsonl.reserve`);
    await small.leave(0);
    const refused = await eventually(
      async () => {
        const { code, message } = await stopContainer(client, serverId, 'no-such-container', 0);
        return code !== 'NOT_FOUND' && { code, message };
      },
      'the journal to be full',
      { limit: 60_000, every: 1 },
    );
    expect(refused).toEqual({ code: 'AGENT_FAILED', message: expect.stringContaining('its disk is full') });
    expect((await stopContainer(client, serverId, box.id, 0)).code).toBe('AGENT_FAILED');
    expect(await box.state()).toBe('running');

    await small.empty();
    expect((await stopContainer(client, serverId, box.id, 0)).code).toBeUndefined();
    expect(await box.state()).toBe('exited');
    await expectNothingLost();
  });
});
