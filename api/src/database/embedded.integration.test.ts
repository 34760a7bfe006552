import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { plainEnv, startProcess } from '../../../testing/processes.ts';
import { openEmbedded } from './embedded.ts';
import { hasEnded, readPostmasterFile } from './postmaster-file.ts';
import { killDatabase, openTestDatabase, quiet, testDataDirectory, writeMigrations } from './testing.ts';

const keeper = fileURLToPath(new URL('./testing-keeper.ts', import.meta.url));
const clusterOf = (dataDirectory: string): string => join(dataDirectory, 'pg', '18');
describe('the embedded database', () => {
  it('starts in an empty directory, keeps its rows over a clean stop, and leaves no process', async () => {
    await using data = await testDataDirectory();
    const migrations = writeMigrations(data.temp.file('sql'), { '0001_a': 'CREATE TABLE a (x int)' });
    const first = await openTestDatabase(data, { migrations });
    await first.pool.query('INSERT INTO a VALUES (7)');
    expect(await first.healthy()).toBe(true);
    const pid = readPostmasterFile(clusterOf(data.path))?.pid ?? 0;
    await first.close();
    expect(hasEnded(pid)).toBe(true);
    const second = await openTestDatabase(data, { migrations });
    expect((await second.pool.query('SELECT x FROM a')).rows).toEqual([{ x: 7 }]);
    await second.close();
  });

  it('listens on no network, and its socket is closed to everyone else', async () => {
    await using data = await testDataDirectory();
    const db = await openTestDatabase(data);
    const { rows } = await db.pool.query(
      `SELECT current_setting('listen_addresses') AS listen, current_setting('TimeZone') AS zone`,
    );
    expect(rows).toEqual([{ listen: '', zone: 'UTC' }]);
    expect(statSync(join(data.runDirectory, 'pg')).mode & 0o777).toBe(0o700);
    expect(statSync(clusterOf(data.path)).mode & 0o777).toBe(0o700);
    await db.close();
  });

  it('hands nothing of our environment to the server', async () => {
    await using data = await testDataDirectory();
    process.env['SERVERKIT_ADMIN_PASSWORD'] = 'hunter2';
    try {
      const db = await openTestDatabase(data);
      const pid = readPostmasterFile(clusterOf(data.path))?.pid ?? 0;
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('hunter2');
      await db.close();
    } finally {
      delete process.env['SERVERKIT_ADMIN_PASSWORD'];
    }
  });

  it.runIf(process.getuid?.() === 0)(
    'runs under an account of its own below a home closed to it',
    async () => {
      await using data = await testDataDirectory();
      chmodSync(data.temp.path, 0o700);
      const db = await openTestDatabase(data);
      const pid = readPostmasterFile(clusterOf(data.path))?.pid ?? 0;
      const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      expect(uid).toBe(statSync(clusterOf(data.path)).uid);
      expect(uid).not.toBe(0);
      expect(readFileSync('/etc/passwd', 'utf8')).not.toMatch(new RegExp(`^[^:]*:[^:]*:${uid}:`, 'm'));
      await db.close();
    },
  );

  it('takes over the server of a ServerKit that was killed, with every acknowledged row', async () => {
    await using data = await testDataDirectory();
    await using owner = startProcess('node', [keeper, data.path], { env: plainEnv() });
    await owner.match(/acknowledged 50\b/);
    const pid = readPostmasterFile(clusterOf(data.path))?.pid ?? 0;
    owner.kill('SIGKILL');
    await owner.exit;
    const acknowledged = Number([...owner.output().matchAll(/acknowledged (\d+)\n/g)].at(-1)?.[1]);
    const migrations = join(data.path, '..', 'keeper-migrations');
    const db = await openTestDatabase(data, { migrations });
    expect(readPostmasterFile(clusterOf(data.path))?.pid).toBe(pid);
    const { rows } = await db.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM kept');
    expect(rows[0]?.n).toBeGreaterThanOrEqual(acknowledged);
    await db.close();
    expect(hasEnded(pid)).toBe(true);
  });

  it('recovers when both were killed', async () => {
    await using data = await testDataDirectory();
    await using owner = startProcess('node', [keeper, data.path], { env: plainEnv() });
    await owner.match(/acknowledged 50\b/);
    killDatabase(data.path);
    owner.kill('SIGKILL');
    await owner.exit;
    const acknowledged = Number([...owner.output().matchAll(/acknowledged (\d+)\n/g)].at(-1)?.[1]);
    const migrations = join(data.path, '..', 'keeper-migrations');
    const db = await openTestDatabase(data, { migrations });
    const { rows } = await db.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM kept');
    expect(rows[0]?.n).toBeGreaterThanOrEqual(acknowledged);
    await db.close();
  });

  it('is not fooled by a dead server that nobody has reaped', async () => {
    await using data = await testDataDirectory();
    await using owner = startProcess('node', [keeper, data.path], { env: plainEnv() });
    await owner.match(/acknowledged 50\b/);
    // Its parent stands still, so the killed server stays a zombie for as long as this test wants.
    owner.kill('SIGSTOP');
    const pid = killDatabase(data.path) ?? 0;
    await eventually(() => hasEnded(pid), 'a zombie');
    const server = await openEmbedded(data.path, data.runDirectory, quiet);
    expect(await server.ensureRunning()).toBe('started');
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^State:\s+Z/m);
    await server.stop();
    owner.kill('SIGKILL');
  });

  it('neither waits for nor kills a stranger that has the number of the dead server', async () => {
    await using data = await testDataDirectory();
    await (await openTestDatabase(data)).close();
    const server = await openEmbedded(data.path, data.runDirectory, quiet);
    await server.ensureRunning();
    const file = join(clusterOf(data.path), 'postmaster.pid');
    const text = readFileSync(file, 'utf8');
    await server.stop();
    await using stranger = startProcess('sleep', ['60']);
    writeFileSync(file, text.replace(/^\d+/, String(stranger.pid)));
    const migrations = writeMigrations(data.temp.file('broken'), { '0001_a': 'CREATE TABLE' });
    await expect(openTestDatabase(data, { migrations })).rejects.toThrow(/failed and was undone/);
    writeFileSync(file, text.replace(/^\d+/, String(stranger.pid)));
    await (await openEmbedded(data.path, data.runDirectory, quiet)).stop();
    expect(hasEnded(stranger.pid)).toBe(false);
  });

  it('comes back when the server is killed under a running ServerKit', async () => {
    await using data = await testDataDirectory();
    const db = await openTestDatabase(data);
    const before = killDatabase(data.path);
    expect(before).toBeDefined();
    await eventually(async () => {
      const { pid } = readPostmasterFile(clusterOf(data.path)) ?? {};
      return pid !== undefined && pid !== before && (await db.healthy());
    }, 'the database to be back');
    expect((await db.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await db.close();
  });

  it('survives the crash of a single backend', async () => {
    await using data = await testDataDirectory();
    const db = await openTestDatabase(data);
    const { rows } = await db.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const postmaster = readPostmasterFile(clusterOf(data.path))?.pid;
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
    await eventually(async () => (await db.pool.query('SELECT 1')).rowCount === 1, 'an answer', {
      limit: 60_000,
    });
    await eventually(() => db.healthy(), 'the lock to be ours again', { limit: 60_000 });
    expect(readPostmasterFile(clusterOf(data.path))?.pid).toBe(postmaster);
    await db.close();
  });

  it('moves its socket when the run directory changed under a server that lives on', async () => {
    await using data = await testDataDirectory();
    const elsewhere = data.temp.file('r');
    mkdirSync(elsewhere, { mode: 0o711 });
    chmodSync(data.temp.path, 0o711);
    const orphan = await openEmbedded(data.path, elsewhere, quiet);
    await orphan.ensureRunning();
    const server = await openEmbedded(data.path, data.runDirectory, quiet);
    expect(await server.ensureRunning()).toBe('started');
    await server.stop();
  });

  it('starts over when a machine died while the files were being made', async () => {
    await using data = await testDataDirectory();
    mkdirSync(`${clusterOf(data.path)}.new`, { recursive: true });
    writeFileSync(`${clusterOf(data.path)}.new/PG_VERSION`, '18');
    const db = await openTestDatabase(data);
    expect(await db.healthy()).toBe(true);
    await db.close();
  });

  it('refuses files of another major version in one sentence', async () => {
    await using data = await testDataDirectory();
    await (await openTestDatabase(data)).close();
    renameSync(clusterOf(data.path), join(data.path, 'pg', '17'));
    await expect(openTestDatabase(data)).rejects.toThrow(
      /^The database in .*pg was made by PostgreSQL 17, but this release of ServerKit runs PostgreSQL 18; .*\.$/,
    );
  });

  it('says why a damaged database does not start', async () => {
    await using data = await testDataDirectory();
    await (await openTestDatabase(data)).close();
    writeFileSync(join(clusterOf(data.path), 'postgresql.conf'), 'nonsense = {\n');
    await expect(openTestDatabase(data)).rejects.toThrow(
      /^The database does not start: .*configuration file.*\.$/,
    );
  });
});

it('spawns nothing that outlives a failed start', async () => {
  await using data = await testDataDirectory();
  const migrations = writeMigrations(data.temp.file('broken'), { '0001_a': 'CREATE TABLE' });
  await expect(openTestDatabase(data, { migrations })).rejects.toThrow(
    /migration 0001_a failed and was undone/,
  );
  expect(readPostmasterFile(clusterOf(data.path))).toBeUndefined();
});
