import { chmod, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keyIdOf, type SigningKey } from '@serverkit/wire/bytes.ts';
import { readKey, type KeptKey } from '../../agent/src/identity/key-file.ts';
import { identityFile, readIdentity } from '../../agent/src/identity/identity.ts';
import { connectToDatabase } from '../../api/src/database/testing.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { freePort } from '../../testing/free-port.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { tempDir, type TempDir } from '../../testing/tmp.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { knock } from '../link/raw-agent.ts';
import { managedHost, type Host } from './host.ts';
import { killer, type Killer } from './killing.ts';

/** Everything that the agent does to its disk while its key is replaced, in order. */
const agentPoints = [
  // The next key, beside the one in use.
  'open agent.key.next.new',
  'write agent.key.next.new',
  'fsync agent.key.next.new',
  'close agent.key.next.new',
  'rename agent.key.next.new',
  'fsync the folder',
  'close the folder',
  // It has linked with it, and takes it over: first what belongs to it is laid ready,
  'open identity.json.next.new',
  'write identity.json.next.new',
  'fsync identity.json.next.new',
  'close identity.json.next.new',
  'rename identity.json.next.new',
  'fsync the folder',
  'close the folder',
  // then it is the key in use,
  'rename agent.key.next',
  'fsync the folder',
  'close the folder',
  // and the identity follows.
  'rename identity.json.next',
  'fsync the folder',
  'close the folder',
];

/** Everything that the control plane does to its records then, and says to the agent. */
const planePoints = [
  // The wish is on record.
  'before INSERT',
  'before COMMIT',
  'after COMMIT',
  // The agent is asked: that it was is counted first.
  'before UPDATE',
  'after UPDATE',
  'sent rotateKey',
  // Its answer: the next key is on record as pending.
  'before UPDATE',
  'before COMMIT',
  'after COMMIT',
  // It links with the next key, which becomes the only one.
  'before UPDATE',
  'before COMMIT',
  'after COMMIT',
  // It hears so.
  'sent adoptKey',
];

/** @returns undefined for what its writer was killed at, which is no key yet */
function readWhole(file: string): KeptKey | undefined {
  try {
    return readKey(file);
  } catch {
    return undefined;
  }
}

describe('kill -9 while the key of an agent is replaced', () => {
  const undo = new AsyncDisposableStack();
  let data: TempDir;
  let host: Host;
  let plane: ControlPlane;
  let client: TestClient;
  let serverId: string;
  let port: number;
  let ofPlane: Killer;
  let ofAgent: Killer;
  /** Every key that was ever on the agent's disk, also those that it never came to use. */
  const everyKey = new Map<string, SigningKey>();
  /** Those of them that were there since the last time that one was left. */
  let someKeys = new Map<string, SigningKey>();
  let knocks = 0;

  /** At the same address and on the same data each time, as a supervisor would start it. */
  async function startPlane(): Promise<void> {
    plane = undo.use(
      await controlPlane({
        dataDir: data.file('data'),
        env: { PORT: String(port), TRUST_PROXY: 'loopback', ...ofPlane.env },
      }),
    );
  }

  beforeAll(async () => {
    data = undo.use(await tempDir('serverkit-keys-'));
    // The embedded database runs as another user.
    await chmod(data.path, 0o711);
    ofPlane = killer(data, {
      program: 'api/src/main.ts',
      database: { table: 'KeyRotation', sent: ['rotateKey', 'adoptKey', 'dropKey'] },
    });
    port = await freePort();
    await startPlane();
    client = await plane.signIn();
    const [stateDir, keyFile] = [data.file('state'), data.file('state', 'agent.key')];
    ofAgent = killer(data, { program: 'start', files: [keyFile, identityFile(stateDir)] });
    host = undo.use(await managedHost({ stateDir, keyFile, env: ofAgent.env }));
    const { serverId: id, token } = await addServer(client, 'host');
    serverId = id;
    await host.register(plane.url, token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  });
  afterAll(() => undo.disposeAsync());

  // Each place goes on from where the one before it left both; without that, each would wait for its whole limit.
  let failed: string | undefined;
  beforeEach(() => {
    if (failed !== undefined) throw new Error(`"${failed}" left them in no state to go on from`);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed ??= task.name;
  });

  /** Ends when the rotation has, or whoever is to answer. */
  const rotate = (): Promise<unknown> =>
    client
      .query('mutation ($input: RotateAgentKeyInput!) { rotateAgentKey(input: $input) { server { id } } }', {
        input: { serverId },
      })
      .catch((error: unknown) => error);

  const isPending = async (): Promise<boolean> => {
    const { server } = await client.query<{ server: { agentKey: { pendingSince: string | null } } }>(
      'query ($id: ID!) { server(id: $id) { agentKey { pendingSince } } }',
      { id: serverId },
    );
    return server.agentKey.pendingSince !== null;
  };

  async function noteKeys(): Promise<void> {
    for (const name of await readdir(dirname(host.keyFile))) {
      if (!name.startsWith(basename(host.keyFile))) continue;
      const kept = readWhole(join(dirname(host.keyFile), name));
      if (!kept) continue;
      someKeys.set(kept.key.id, kept.key);
      everyKey.set(kept.key.id, kept.key);
    }
  }

  /** Which of the keys open the door. */
  async function good(keys: ReadonlyMap<string, SigningKey>): Promise<string[]> {
    const identity = readIdentity(host.stateDir);
    if (!identity) throw new Error('the agent lost its identity');
    const found: string[] = [];
    for (const [id, key] of keys) {
      knocks += 1;
      const headers = { 'x-forwarded-for': `10.0.${knocks >> 8}.${knocks & 255}` };
      if ((await knock(plane.url, { ...identity, key }, { headers })) === 101) found.push(id);
    }
    return found;
  }

  /** However it went: the agent is online by itself, and of all keys one opens anything, the one on its disk. */
  async function expectOneKey(): Promise<void> {
    await untilStatus(client, serverId, 'ONLINE', 60_000);
    await eventually(
      async () => {
        // The control plane looks after it every minute, which somebody may be quicker than.
        if (await isPending()) await rotate();
        return !(await isPending()) && (await host.isOnline());
      },
      'the end of the rotation',
      { limit: 60_000, every: 200 },
    );
    await noteKeys();
    const kept = readKey(host.keyFile)?.key.id;
    await expect(good(someKeys)).resolves.toEqual([kept]);
    someKeys = new Map();
    await noteKeys();
    const pool = connectToDatabase(plane.dataDir);
    try {
      const { rows } = await pool.query<{ agentKey: Uint8Array }>(
        'SELECT "agentKey" FROM "Server" WHERE "id" = $1',
        [serverId],
      );
      expect(rows.map(({ agentKey }) => keyIdOf(agentKey))).toEqual([kept]);
    } finally {
      await pool.end();
    }
    expect((await readdir(host.stateDir)).filter((name) => name.endsWith('.next'))).toEqual([]);
  }

  test('every place to be killed at is known', async () => {
    await ofAgent.arm();
    await ofPlane.arm();
    await noteKeys();
    await rotate();
    await expectOneKey();
    expect({ agent: await ofAgent.disarm(), plane: await ofPlane.disarm() }).toEqual({
      agent: agentPoints,
      plane: planePoints,
    });
    expect(everyKey.size).toBe(2);
  });

  describe('of the agent', () => {
    test.each(agentPoints.map((what, index) => ({ what, at: index + 1 })))(
      'at $at: $what',
      async ({ what, at }) => {
        await ofAgent.arm(at);
        const asked = rotate();
        expect(await host.agent.exit).toEqual({ code: null, signal: 'SIGKILL' });
        expect((await ofAgent.disarm()).at(-1)).toBe(what);
        await noteKeys();
        await host.start();
        await asked;
        await expectOneKey();
      },
    );
  });

  describe('of the control plane', () => {
    test.each(planePoints.map((what, index) => ({ what, at: index + 1 })))(
      'at $at: $what',
      async ({ what, at }) => {
        await ofPlane.arm(at);
        const asked = rotate();
        expect(await plane.process.exit).toEqual({ code: null, signal: 'SIGKILL' });
        expect((await ofPlane.disarm()).at(-1)).toBe(what);
        await asked;
        await startPlane();
        await expectOneKey();
      },
    );
  });

  test('of all the keys there ever were, one is good in the end', async () => {
    expect(everyKey.size).toBeGreaterThan(agentPoints.length);
    expect(await good(everyKey)).toEqual([readKey(host.keyFile)?.key.id]);
  });
});
