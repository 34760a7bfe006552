import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectToDatabase } from '../../api/src/database/testing.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container } from '../../testing/docker.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { followLog, stopContainer } from './fleet.ts';
import { managedHost, type Host } from './host.ts';

/**
 * A whole run at the loudest log level, with mistakes in it; afterwards nothing that was secret stands anywhere but where
 * it belongs.
 */
describeWith(['root', 'docker'], 'after a run with everything in it', () => {
  const undo = new AsyncDisposableStack();
  // Of this run alone: other runs on this machine have environments as well.
  const password = `correct-${randomBytes(12).toString('hex')}`;
  const guess = `wrong-${randomBytes(12).toString('hex')}`;
  let plane: ControlPlane;
  let client: TestClient;
  let host: Host;
  let secrets: Readonly<Record<string, string>>;
  /** Bodies of all answers, apart from those that hand out a secret on purpose. */
  const answered: string[] = [];

  beforeAll(async () => {
    plane = undo.use(
      await controlPlane({
        // What the making of a database says is looked through as well.
        fromNothing: true,
        env: { LOG_LEVEL: 'trace', SERVERKIT_LOCAL_AGENT: 'on', SERVERKIT_ADMIN_PASSWORD: password },
      }),
    );
    const { email } = plane.admin;
    client = await plane.signIn({ email, password });
    host = undo.use(await managedHost({ docker: '/var/run/docker.sock', logLevel: 'debug' }));
    const added = await addServer(client, 'host');
    await host.register(plane.url, added.token);
    await host.start();
    await untilStatus(client, added.serverId, 'ONLINE');
    const cookie = client.session.cookie?.split('=')[1] ?? '';
    const proof = client.session.proof ?? '';
    secrets = {
      'the password': password,
      'a password that was guessed': guess,
      'the cookie': cookie,
      'the proof': proof,
      'the registration token': added.token,
      "the registration token's secret": /^sk_reg_[^_]+_(.+)$/.exec(added.token)?.[1] ?? '',
    };

    const stranger = plane.anonymous();
    const ask = async (who: TestClient, query: string, variables: object = {}): Promise<void> => {
      answered.push((await who.post(JSON.stringify({ query, variables }))).body);
    };
    const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { viewer { user { id } } } }';
    await ask(stranger, signIn, { input: { email, password: guess } });
    // The same as part of the document, in one that does not parse, does not fit, and is too much.
    const written = `mutation { signIn(input: { email: "a@example.com", password: "${guess}" })`;
    await ask(stranger, `${written} { viewer { user { id } } } }`);
    await ask(stranger, written);
    await ask(stranger, `${written} { viewer { nothing } } }`);
    await ask(stranger, signIn, { input: { email, password: { deep: guess } } });
    await ask(stranger, signIn, { input: { email, secret: guess } });
    await ask(stranger, signIn, { input: { email, password: `${guess}\0` } });
    await ask(
      client.with({ session: { cookie: client.session.cookie ?? '', proof: guess } }),
      '{ viewer { scopes } }',
    );
    await ask(stranger.with({ headers: { authorization: `Bearer ${guess}` } }), '{ viewer { scopes } }');
    answered.push((await stranger.post(`{"query": "${guess}`)).body);
    // A token that was used, one that is wrong, and one of nobody.
    for (const token of [added.token, `${added.token.slice(0, -3)}AAA`]) {
      const again = undo.use(await managedHost());
      await again.register(plane.url, token).catch((error: unknown) => answered.push(String(error)));
    }
    await using box = await container({ command: ['sh', '-c', 'echo hello; sleep infinity'] });
    {
      await using log = followLog(client, added.serverId, box.id);
      await log.until(/hello/);
    }
    await stopContainer(client, added.serverId, box.id, 0);
    await stopContainer(client, added.serverId, 'nothing', 0);
    await ask(client, '{ auditEvents { nodes { action actorLabel targetName parameters code } } }');
    await ask(client, '{ viewer { user { email } sessions { id userAgent } } users { id email } }');
    await ask(
      client,
      '{ servers { nodes { id name registration { expiresAt } linkSessions { nodes { endReason } } } } }',
    );
  });
  afterAll(() => undo.disposeAsync());

  const found = (text: string): string[] =>
    Object.entries(secrets).flatMap(([name, secret]) => (text.includes(secret) ? [name] : []));

  test('there was something to find', () => {
    for (const secret of Object.values(secrets)) expect(secret.length).toBeGreaterThan(20);
    expect(plane.process.output().length).toBeGreaterThan(1_000);
    expect(answered.length).toBeGreaterThan(12);
  });

  test('no answer repeats a secret', () => {
    expect(answered.flatMap(found)).toEqual([]);
  });

  test('no log holds one', () => {
    expect(found(plane.process.output())).toEqual([]);
    expect(found(host.agent.output())).toEqual([]);
  });

  test('no table of the database holds one', async () => {
    const pool = connectToDatabase(plane.dataDir);
    try {
      const { rows: tables } = await pool.query<{ name: string }>(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
      );
      expect(tables.length).toBeGreaterThan(10);
      for (const { name } of tables) {
        const { rows } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
        expect({ name, found: found(rows.map(({ row }) => row).join('\n')) }).toEqual({ name, found: [] });
      }
    } finally {
      await pool.end();
    }
  });

  test('no file of the agents, and no log of the database, holds one', async () => {
    const folders = [host.stateDir, join(plane.dataDir, 'agent'), join(plane.dataDir, 'keys')];
    const files = [join(plane.dataDir, 'pg', 'postgresql.log'), host.configFile];
    for (const folder of folders) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      files.push(
        ...entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
      );
    }
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      // What an agent at work writes anew has another name for a moment.
      const text = await readFile(file, 'latin1').catch((error: unknown) => {
        if (existsSync(file)) throw error;
        return '';
      });
      expect({ file, found: found(text) }).toEqual({ file, found: [] });
    }
  });

  test('no process shows one, in its arguments or to those it started', async () => {
    const shown: string[] = [];
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      // The setting that names the first administrator is the one place a password may be.
      const places =
        pid === String(plane.process.pid) || pid === String(process.pid)
          ? ['cmdline']
          : ['cmdline', 'environ'];
      for (const place of places) {
        const text = await readFile(`/proc/${pid}/${place}`, 'latin1').catch(() => '');
        shown.push(...found(text).map((name) => `${name} in ${place} of ${text.slice(0, 100)}`));
      }
    }
    expect(shown).toEqual([]);
  });
});
