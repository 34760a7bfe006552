import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectToDatabase, killDatabase } from '../../api/src/database/testing.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { freePort } from '../../testing/free-port.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { tempDir, type TempDir } from '../../testing/tmp.ts';
import { addServer, storedSamples, untilStatus } from '../install/plane.ts';
import {
  byPlace,
  counting,
  followLog,
  loadImage,
  recorded,
  runScript,
  stopContainer,
  stubborn,
  untilInAgreement,
  type Recorded,
} from './fleet.ts';
import { managedHost, type Host } from './host.ts';

/** What the docker command is given until it kills a container that does not listen, in seconds. */
const graceSeconds = 4;

describeWith(['root', 'docker'], 'kill -9 in the middle of work', () => {
  const undo = new AsyncDisposableStack();
  let data: TempDir;
  let engine: PrivateEngine;
  let host: Host;
  let plane: ControlPlane;
  let client: TestClient;
  let serverId: string;
  let port: number;

  /** At the same address and on the same data each time, as a supervisor would start it. */
  async function startPlane(): Promise<void> {
    const env = { PORT: String(port) };
    plane = undo.use(await controlPlane({ dataDir: data.file('data'), env }));
  }

  beforeAll(async () => {
    data = undo.use(await tempDir('serverkit-faults-'));
    // The embedded database runs as another user.
    await chmod(data.path, 0o711);
    engine = undo.use(await privateEngine());
    await engine.start();
    await loadImage(engine);
    port = await freePort();
    await startPlane();
    client = await plane.signIn();
    host = undo.use(await managedHost({ docker: engine.socket }));
    const { serverId: id, token } = await addServer(client, 'host');
    serverId = id;
    await host.register(plane.url, token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  });
  afterAll(() => undo.disposeAsync());

  interface Fault {
    readonly what: string;
    readonly strike: () => Promise<unknown>;
    /** What a supervisor, or a person, does afterwards. */
    readonly mend: () => Promise<void>;
    /** What those who wait for a change are told. */
    readonly answers: readonly (string | undefined)[];
    /** What the audit says of it in the end, and nothing besides. */
    readonly audit: readonly Partial<Recorded>[];
  }

  const ok = [{ outcome: 'OK', code: null }];
  const nothing = () => Promise.resolve();

  const faults: readonly Fault[] = [
    {
      what: 'the control plane',
      strike: async () => {
        plane.process.kill('SIGKILL');
        await plane.process.exit;
      },
      mend: startPlane,
      answers: ['ECONNRESET'],
      audit: ok,
    },
    {
      what: 'the control plane and its database',
      strike: async () => {
        plane.process.kill('SIGKILL');
        killDatabase(plane.dataDir);
        await plane.process.exit;
      },
      mend: startPlane,
      answers: ['ECONNRESET'],
      audit: ok,
    },
    {
      what: 'the database',
      strike: () => Promise.resolve(killDatabase(plane.dataDir)),
      mend: nothing,
      answers: [undefined],
      audit: ok,
    },
    {
      what: 'the agent',
      strike: async () => {
        host.agent.kill('SIGKILL');
        await host.agent.exit;
      },
      mend: () => host.start(),
      answers: ['OUTCOME_UNKNOWN'],
      audit: [{ outcome: 'FAILED', code: 'OUTCOME_UNKNOWN' }],
    },
    {
      what: 'the Docker engine',
      strike: () => engine.kill(),
      mend: () => engine.start(),
      answers: ['DOCKER_UNAVAILABLE'],
      audit: [{ outcome: 'FAILED', code: 'DOCKER_UNAVAILABLE' }],
    },
  ];

  describe.each(faults)('$what', ({ what, strike, mend, answers, audit }) => {
    test('loses nothing, does nothing twice, and everything goes on', async () => {
      const name = what.replaceAll(/\W+/g, '-');
      const counter = await runScript(engine, `counter-${name}`, counting);
      const mule = await runScript(engine, `mule-${name}`, stubborn);
      await using log = followLog(client, serverId, counter);
      await log.until(/^line 20$/m);
      await using metrics = client.subscribe<{ serverMetrics: { serverId: string } }>(
        'subscription ($ids: [ID!]) { serverMetrics(serverIds: $ids) { serverId } }',
        { ids: [serverId] },
      );
      await metrics.next();

      const journal = () => readFile(join(host.stateDir, 'journal.jsonl'), 'utf8');
      const before = await journal();
      const stopping = stopContainer(client, serverId, mule, graceSeconds);
      await eventually(async () => (await journal()) !== before, 'the change to begin', { every: 5 });
      await strike();
      await mend();

      expect(answers).toContain((await stopping).code);
      await untilStatus(client, serverId, 'ONLINE', 60_000);
      const seen = await untilInAgreement(client, serverId, engine);
      expect(seen.map(({ id }) => id)).toEqual(expect.arrayContaining([counter, mule]));

      const ended = await eventually(
        async () => {
          const lines = await recorded(client, mule);
          return lines.length > 0 && lines;
        },
        'the change to be on record',
        // What the database lost is looked for once a minute.
        { limit: 90_000, every: 200 },
      );
      expect(ended).toMatchObject(audit);
      expect(await openCommands()).toEqual([]);

      const logged = await engine.cli('logs', counter);
      expect(logged.startsWith(log.text())).toBe(true);
      await using again = followLog(client, serverId, counter);
      await again.until(new RegExp(`^${logged.trimEnd().split('\n').at(-1) ?? ''}$`, 'm'));
      expect(again.text().startsWith(logged)).toBe(true);

      // The first sample is taken ten seconds after the agent began.
      const ring = await eventually(
        async () => {
          const kept = await host.ring();
          return kept.length > 0 && kept;
        },
        'something to be measured',
        { limit: 60_000, every: 200 },
      );
      const last = ring.at(-1);
      const stored = await eventually(
        async () => {
          const rows = await storedSamples(plane, serverId);
          const end = rows.findIndex(({ epoch, seq }) => epoch === last?.epoch && seq === last.seq);
          // What was measured since then may be stored as well.
          return end >= 0 && rows.slice(0, end + 1);
        },
        'everything measured to be stored',
        { limit: 60_000, every: 200 },
      );
      expect(byPlace(stored)).toEqual(byPlace(ring));
      await engine.cli('rm', '--force', counter, mule);
    });
  });

  /** Commands that were sent and whose end nobody knows. */
  async function openCommands(): Promise<unknown[]> {
    const pool = connectToDatabase(plane.dataDir);
    try {
      const { rows } = await pool.query<{ operation: string; state: string }>(
        `SELECT operation, state FROM "Command" WHERE state = 'sent'`,
      );
      return rows;
    } finally {
      await pool.end();
    }
  }
});
