import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { answers, controlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { http } from '../../testing/http.ts';
import { plainEnv, startProcess } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { openEmbedded } from './database/embedded.ts';
import { hasEnded, readPostmasterFile } from './database/postmaster-file.ts';
import { openRunDirectory, removeRunDirectory } from './database/run-directory.ts';
import { quiet } from './database/testing.ts';
import { issueAuthority } from './http/issue-certificate.ts';

/** What a start that must fail says, all of it; code 1 goes without saying. */
const refusalOf = async (env: Record<string, string>): Promise<string> => {
  await using child = startProcess(process.execPath, ['api/src/main.ts'], {
    env: plainEnv({ PORT: '0', SERVERKIT_LOCAL_AGENT: 'off', LOG_LEVEL: 'silent', ...env }),
  });
  const { code } = await child.exit;
  return code === 1 ? child.output() : `code ${code}: ${child.output()}`;
};

const databaseOf = (dataDir: string) => readPostmasterFile(join(dataDir, 'pg', '18'))?.pid;

describe('a start that cannot succeed ends with one sentence and code 1', () => {
  it('for a bad setting', async () => {
    expect(await refusalOf({ PORT: 'http' })).toMatch(/^PORT must be a number from 0 to 65535\.\n$/);
  });

  it('for a port in use, and leaves no database running', async () => {
    await using dir = await tempDir();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const env = { PORT: port, SERVERKIT_DATA_DIR: dir.file('data') };
    expect(await refusalOf(env)).toMatch(
      /^Port \d+ on 127\.0\.0\.1 is in use by another program; stop it or set PORT to another number\.\n$/,
    );
    expect(databaseOf(dir.file('data'))).toBeUndefined();
    other.close();
  });

  it('for an address that is not ours', async () => {
    await using dir = await tempDir();
    const env = { HOST: '192.0.2.1', TRUST_PROXY: 'on', SERVERKIT_DATA_DIR: dir.file('data') };
    expect(await refusalOf(env)).toMatch(/^HOST 192\.0\.2\.1 is not an address of this machine\.\n$/);
  });

  it('for a data directory in use', async () => {
    await using plane = await controlPlane();
    expect(await refusalOf({ SERVERKIT_DATA_DIR: plane.dataDir })).toMatch(
      /^The data directory .* is in use by another ServerKit \(process \d+\); stop it first or set .*\.\n$/,
    );
    expect(await answers(plane, '/readyz')).toBe(true);
  });

  it('for a data directory that is a file', async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file('data'), '');
    expect(await refusalOf({ SERVERKIT_DATA_DIR: dir.file('data') })).toMatch(
      /^The data directory .* cannot be written \(EEXIST\)\.\n$/,
    );
  });

  it('for a database that cannot be reached', async () => {
    await using dir = await tempDir();
    const env = {
      DATABASE_URL: 'postgresql://kit:hunter2@127.0.0.1:1/kit',
      SERVERKIT_DATA_DIR: dir.file('data'),
    };
    expect(await refusalOf(env)).toMatch(
      /^The database at 127\.0\.0\.1:1\/kit cannot be reached: nothing accepts connections there\.\n$/,
    );
  });

  it('for data of a newer release', async () => {
    await using plane = await controlPlane();
    plane.process.kill('SIGTERM');
    await plane.process.exit;
    const runDirectory = openRunDirectory(plane.dataDir);
    const server = await openEmbedded(plane.dataDir, runDirectory, quiet);
    await server.ensureRunning();
    const client = new pg.Client(server.connection);
    await client.connect();
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'y', '2999_next', now())`,
    );
    await client.end();
    await server.stop();
    removeRunDirectory(runDirectory);
    expect(await refusalOf({ SERVERKIT_DATA_DIR: plane.dataDir })).toMatch(
      /^The database was used by a newer release of ServerKit \(it has the migration 2999_next, .*\.\n$/,
    );
    expect(databaseOf(plane.dataDir)).toBeUndefined();
  });

  it('for a key that is not that of the certificate', async () => {
    await using dir = await tempDir();
    const [one, other] = [await issueAuthority(), await issueAuthority()];
    writeFileSync(dir.file('cert.pem'), one.certificatePem);
    writeFileSync(dir.file('key.pem'), other.keyPem);
    const env = {
      TLS_CERT: dir.file('cert.pem'),
      TLS_KEY: dir.file('key.pem'),
      SERVERKIT_DATA_DIR: dir.file('data'),
    };
    expect(await refusalOf(env)).toMatch(/^TLS_CERT and TLS_KEY do not belong together: .*\.\n$/);
  });

  it('for keys that are not those of the database', async () => {
    await using plane = await controlPlane();
    plane.process.kill('SIGTERM');
    await plane.process.exit;
    rmSync(join(plane.dataDir, 'keys'), { recursive: true });
    expect(await refusalOf({ SERVERKIT_DATA_DIR: plane.dataDir })).toMatch(
      /^The database was written with other keys than those in the data directory; .*\.\n$/,
    );
  });

  it('for a damaged key file', async () => {
    await using plane = await controlPlane();
    plane.process.kill('SIGTERM');
    await plane.process.exit;
    writeFileSync(join(plane.dataDir, 'keys', 'master.key'), 'x');
    expect(await refusalOf({ SERVERKIT_DATA_DIR: plane.dataDir })).toMatch(
      /^The key file .*master\.key is damaged; restore it from a backup\.\n$/,
    );
  });
});

describe('a running control plane', () => {
  it('says where it is ready, is healthy and ready there, and leaves nothing after SIGTERM', async () => {
    await using plane = await controlPlane({ fromNothing: true });
    expect(plane.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await answers(plane, '/healthz')).toBe(true);
    expect(await answers(plane, '/readyz')).toBe(true);
    const database = databaseOf(plane.dataDir) ?? 0;
    plane.process.kill('SIGTERM');
    expect(await plane.process.exit).toEqual({ code: 0, signal: null });
    expect(databaseOf(plane.dataDir)).toBeUndefined();
    expect(hasEnded(database)).toBe(true);
  });

  it('keeps its secrets readable by its owner alone', async () => {
    await using plane = await controlPlane({ fromNothing: true });
    expect(statSync(plane.dataDir).mode & 0o077).toBe(0);
    for (const name of ['master.key', 'identity.json', 'identity-recovery.key']) {
      expect(statSync(join(plane.dataDir, 'keys', name)).mode & 0o777).toBe(0o600);
    }
  });

  it('is ready again after kill -9, on the database it left running', async () => {
    await using dir = await tempDir();
    const dataDir = dir.file('data');
    await using first = await controlPlane({ dataDir });
    const database = databaseOf(dataDir);
    first.process.kill('SIGKILL');
    await first.process.exit;
    await using second = await controlPlane({ dataDir });
    expect(databaseOf(dataDir)).toBe(database);
    await second.signIn();
  });

  it('is not ready while its database is away, and ready again by itself', async () => {
    await using plane = await controlPlane({ env: { LOG_LEVEL: 'silent' } });
    process.kill(databaseOf(plane.dataDir) ?? 0, 'SIGKILL');
    await eventually(async () => !(await answers(plane, '/readyz')), '/readyz to fail', { every: 5 });
    expect(await answers(plane, '/healthz')).toBe(true);
    await eventually(() => answers(plane, '/readyz'), '/readyz to succeed', { limit: 60_000 });
    await plane.signIn();
  });

  it('serves TLS under its own authority when others can reach the port', async () => {
    await using plane = await controlPlane({ env: { HOST: '0.0.0.0' } });
    expect(plane.url).toMatch(/^https:\/\/localhost:\d+$/);
    const ca = readFileSync(join(plane.dataDir, 'keys', 'authority.pem'), 'utf8');
    const page = await http(`${plane.url}/readyz`, { ca });
    expect(page.status).toBe(200);
    expect(page.headers['strict-transport-security']).toBeDefined();
    const { port } = new URL(plane.url);
    expect((await http(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect(await http(`http://127.0.0.1:${port}/graphql`, { method: 'POST', body: '{}' })).toMatchObject({
      status: 308,
      headers: { location: `https://127.0.0.1:${port}/graphql` },
    });
  });

  it('listens for the local agent on a socket that is ours alone', async () => {
    await using plane = await controlPlane();
    const socket = socketPaths(plane.process.pid).find((path) => path.endsWith('/agent.sock')) ?? '';
    expect(socket).not.toBe('');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request({ socketPath: socket, path: '/' }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('ends within 10 s with a request that never finishes', async () => {
    await using plane = await controlPlane({ env: { LOG_LEVEL: 'info' } });
    using _hanging = await hangingRequest(plane.url);
    const asked = performance.now();
    // As a supervisor does, who signals each process of a group that pass signals on to each other.
    for (let copies = 0; copies < 3; copies++) plane.process.kill('SIGTERM');
    expect(await plane.process.exit).toEqual({ code: 0, signal: null });
    // It ends itself after nine and a half, and then not with 0; the rest is the machine's.
    expect(performance.now() - asked).toBeLessThan(20_000);
  });

  it('ends at once when it is asked again a second later', async () => {
    await using plane = await controlPlane({ env: { LOG_LEVEL: 'info' } });
    using _hanging = await hangingRequest(plane.url);
    const asked = performance.now();
    let isOver = false;
    void plane.process.exit.then(() => (isOver = true));
    await eventually(() => isOver || (plane.process.kill('SIGTERM'), false), 'it to end', { every: 100 });
    expect(await plane.process.exit).toEqual({ code: 1, signal: null });
    // Asked once it would have gone on for longer.
    expect(performance.now() - asked).toBeLessThan(7_000);
  });
});

/** Paths of the unix sockets that a process has open: /proc/net/unix knows those of the whole machine (proc(5)). */
function socketPaths(pid: number): string[] {
  const open = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      // A descriptor may be closed while we look.
      return /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1];
    }),
  );
  return readFileSync(`/proc/${pid}/net/unix`, 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/))
    .flatMap(([, , , , , , inode, path]) => (path !== undefined && open.has(inode) ? [path] : []));
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** A request whose body never comes; abandoned on dispose. */
async function hangingRequest(url: string): Promise<Disposable> {
  const hanging = request(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': '100', expect: '100-continue' },
  });
  hanging.on('error', () => {});
  hanging.flushHeaders();
  await once(hanging, 'continue');
  return { [Symbol.dispose]: () => void hanging.destroy() };
}
