import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectToDatabase } from '../../api/src/database/testing.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { freePort } from '../../testing/free-port.ts';
import { codeOf, type TestClient } from '../../testing/graphql-client.ts';
import { plainEnv, startProcess } from '../../testing/processes.ts';
import { reapUsersOf } from '../../testing/reap.ts';
import { tempDir, type TempDir } from '../../testing/tmp.ts';
import { untilStatus } from '../install/plane.ts';
import { startAgent } from './agent-process.ts';
import { commandsIn } from './documented.ts';

const [makePassphrase = '', backup = '', look = '', restore = '', replace = '', resetAdmin = '', ...others] =
  commandsIn('docs/backup.md');

/** Runs a line of the documentation as it stands there, but for the folders that a test may touch. */
async function documented(
  line: string,
  folder: TempDir,
  env: Record<string, string> = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const own = line
    .replaceAll('/etc/serverkit/', folder.file('etc/'))
    .replaceAll('/var/backups/', folder.file('backups/'))
    .replaceAll('/srv/serverkit', folder.file('elsewhere'));
  await using child = startProcess('sh', ['-c', own], { env: plainEnv(env) });
  child.write(null);
  const { code } = await child.exit;
  return { code, output: child.output() };
}

/** The output of a line that must succeed. */
async function succeed(...of: Parameters<typeof documented>): Promise<string> {
  const { code, output } = await documented(...of);
  if (code !== 0) throw new Error(`${of[0]} ended with ${code}: ${output}`);
  return output;
}

const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) { secondFactor { challenge } sessionProof } }`;
const completeSignIn = `mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) { sessionProof } }`;

/** What an authenticator app shows, so many steps from now: no step counts twice. */
const codeOfApp = (secret: string, steps = 0): string =>
  new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });

/** With password and app, as people with a second factor do. */
async function signInWithApp(plane: ControlPlane, secret: string): Promise<TestClient> {
  const client = plane.anonymous();
  const first = await client.query<{ signIn: { secondFactor: { challenge: string } } }>(signIn, {
    input: plane.admin,
  });
  const { challenge } = first.signIn.secondFactor;
  const { headers, body } = await client.post(
    JSON.stringify({
      query: completeSignIn,
      variables: { input: { challenge, code: codeOfApp(secret, 1) } },
    }),
  );
  const proof = /"sessionProof":"([^"]+)"/.exec(body)?.[1];
  const cookie = headers['set-cookie']?.[0]?.split(';')[0];
  if (proof === undefined || cookie === undefined) throw new Error(`not signed in: ${body}`);
  return client.with({ session: { cookie, proof } });
}

/** Adds a server. The control plane listens for this machine alone, so it says that no other one could join. */
async function invite(client: TestClient, name: string): Promise<{ serverId: string; token: string }> {
  const { createServer } = await client.query<{
    createServer: { server: { id: string }; registrationToken: string };
  }>(
    'mutation ($input: CreateServerInput!) { createServer(input: $input) { server { id } registrationToken } }',
    { input: { name } },
  );
  return { serverId: createServer.server.id, token: createServer.registrationToken };
}

const actionsIn = async (client: TestClient): Promise<string[]> => {
  const { auditEvents } = await client.query<{ auditEvents: { nodes: { action: string }[] } }>(
    '{ auditEvents(first: 500) { nodes { action } } }',
  );
  return auditEvents.nodes.map(({ action }) => action);
};

const samplesIn = async (dataDir: string): Promise<number> => {
  const pool = connectToDatabase(dataDir);
  try {
    const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM metrics.samples');
    return rows[0]?.n ?? 0;
  } finally {
    await pool.end();
  }
};

describe('a control plane whose machine is lost', () => {
  const undo = new AsyncDisposableStack();
  let folder: TempDir;
  let plane: ControlPlane;
  let servers: string[];
  let secret: string;
  let token: string;
  let oldSession: TestClient;
  let samples: number;
  let backupSaid: string;
  let restoreSaid: string;
  beforeAll(async () => {
    folder = undo.use(await tempDir('serverkit-keeping-'));
    mkdirSync(folder.file('etc'));
    mkdirSync(folder.file('backups'));
    undo.defer(async () => void (await reapUsersOf(folder.path)));
    const first = undo.use(await controlPlane({ env: { PORT: String(await freePort()) } }));
    const client = await first.signIn();
    servers = [];
    for (const name of ['web-1', 'web-2']) {
      const { serverId, token: registration } = await invite(client, name);
      undo.use(await startAgent(folder, name, first.url, registration));
      servers.push(serverId);
    }
    for (const id of servers) await untilStatus(client, id, 'ONLINE');
    const made = await client.query<{ createApiToken: { secret: string } }>(
      'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }',
      { input: { name: 'watcher', scopes: ['servers:read'] } },
    );
    token = made.createApiToken.secret;
    const begun = await client.query<{ beginSecondFactor: { secret: string } }>(
      'mutation { beginSecondFactor(input: {}) { secret } }',
    );
    secret = begun.beginSecondFactor.secret;
    await client.query(
      'mutation ($input: ConfirmSecondFactorInput!) { confirmSecondFactor(input: $input) { recoveryCodes } }',
      { input: { code: codeOfApp(secret) } },
    );
    samples = await eventually(async () => (await samplesIn(first.dataDir)) || undefined, 'a sample', {
      every: 300,
    });

    await succeed(makePassphrase, folder);
    backupSaid = await succeed(backup, folder, { SERVERKIT_DATA_DIR: first.dataDir });

    first.process.killGroup('SIGKILL');
    await first.process.exit;
    await reapUsersOf(first.dataDir);
    rmSync(first.dataDir, { recursive: true });

    restoreSaid = await succeed(restore, folder);
    plane = undo.use(
      await controlPlane({ dataDir: folder.file('elsewhere'), env: { PORT: new URL(first.url).port } }),
    );
    oldSession = client;
  });
  afterAll(() => undo.disposeAsync());

  test('has its users back, with password and authenticator app; their sessions are over', async () => {
    const client = await signInWithApp(plane, secret);
    expect(await client.query('{ viewer { user { email } } }')).toEqual({
      viewer: { user: { email: plane.admin.email } },
    });
    expect(codeOf(await oldSession.answer('{ servers { totalCount } }'))).toBe('UNAUTHENTICATED');
  });

  test('has its agents back, and nobody touched them', async () => {
    const client = plane.anonymous().with({ token });
    for (const id of servers) await untilStatus(client, id, 'ONLINE');
  });

  test('has its history and its audit record, in which nothing is missing', async () => {
    expect(await samplesIn(plane.dataDir)).toBeGreaterThanOrEqual(samples);
    const pool = connectToDatabase(plane.dataDir);
    await pool.query(`UPDATE "SecondFactor" SET "lastStep" = 0`);
    await pool.end();
    const client = await signInWithApp(plane, secret);
    const actions = await actionsIn(client);
    expect(actions).toEqual(
      expect.arrayContaining(['controlPlane.restore', 'agent.register', 'server.create', 'token.create']),
    );
    const { verifyAudit } = await client.query<{
      verifyAudit: { intact: boolean; checked: number; problems: unknown[] };
    }>('{ verifyAudit { intact checked problems { kind } } }');
    expect(verifyAudit).toMatchObject({ intact: true, problems: [] });
    expect(verifyAudit.checked).toBeGreaterThan(3);
  });

  test('was told what is in the archive, and what to do next', () => {
    expect(backupSaid).toMatch(
      /serverkit\.archive holds the database \(\d+ tables\) and the keys, \d+ KiB\./,
    );
    expect(restoreSaid).toMatch(
      /ServerKit is as it was at 20\S+Z\. Start it: agents come back by themselves/,
    );
  });

  test('says of its archive what it is, and keeps it from others', async () => {
    const { output } = await documented(look, folder);
    expect(output).toMatch(/^serverkit-archive 1\n\{"product":"\d+\.\d+\.\d+","migration":"\d{14}_\w+",/);
    expect(statSync(folder.file('backups/serverkit.archive')).mode & 0o777).toBe(0o600);
    expect(statSync(folder.file('etc/backup-passphrase')).mode & 0o777).toBe(0o600);
  });

  test('is not restored while it runs, nor over what is there', async () => {
    expect(await documented(replace, folder)).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /^The data directory .* is in use by another ServerKit .*; stop it first/m,
      ),
    });
  });

  test('lets whoever owns the machine in again, while it runs', async () => {
    const line = resetAdmin.replace('ada@example.com', plane.admin.email);
    writeFileSync(folder.file('etc/new-password'), 'a password of the owner\n');
    const done = await documented(line, folder, { SERVERKIT_DATA_DIR: plane.dataDir });
    expect(done).toMatchObject({ code: 0, output: expect.stringContaining('signs in with the password') });
    const client = await plane.signIn({ email: plane.admin.email, password: 'a password of the owner' });
    expect(await client.query('{ viewer { secondFactor { enabledAt } } }')).toEqual({
      viewer: { secondFactor: null },
    });
    expect(await actionsIn(client)).toContain('user.resetAdmin');
    expect(await client.query('{ verifyAudit { problems { kind } } }')).toEqual({
      verifyAudit: { problems: [] },
    });
  });

  test('is put in the place of another with --replace, which is set aside', async () => {
    plane.process.kill('SIGTERM');
    await plane.process.exit;
    const refused = await documented(restore, folder);
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringMatching(/holds a ServerKit already; .* --replace/),
    });
    const done = await documented(replace, folder);
    expect(done).toMatchObject({
      code: 0,
      output: expect.stringMatching(/What was there before is in \S+replaced-/),
    });
    const [, aside = ''] = /before is in (\S+);/.exec(done.output) ?? [];
    expect(readFileSync(`${aside}/keys/master.key`)).toEqual(
      readFileSync(folder.file('elsewhere/keys/master.key')),
    );
    await using again = await controlPlane({
      dataDir: folder.file('elsewhere'),
      env: { PORT: new URL(plane.url).port },
    });
    const client = again.anonymous().with({ token });
    for (const id of servers) await untilStatus(client, id, 'ONLINE');
    await signInWithApp(again, secret);
  });
});

test('every command of the documentation was run above', () => {
  expect(others).toEqual([]);
  expect([makePassphrase, backup, look, restore, replace, resetAdmin]).toEqual([
    expect.stringContaining('openssl rand'),
    expect.stringContaining('npm run backup'),
    expect.stringContaining('head'),
    expect.stringMatching(/npm run restore [^]*passphrase$/),
    expect.stringMatching(/npm run restore [^]*--replace$/),
    expect.stringContaining('npm run reset-admin'),
  ]);
});
