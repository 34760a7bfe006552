import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, within } from '../../../testing/events.ts';
import { openEmbedded, type EmbeddedServer } from './embedded.ts';
import {
  killDatabase,
  openTestDatabase,
  quiet,
  testDataDirectory,
  type TestDataDirectory,
} from './testing.ts';

let data: TestDataDirectory;
let server: EmbeddedServer;
let url: string;

/** A second embedded server plays the part of the one that DATABASE_URL names. */
beforeAll(async () => {
  data = await testDataDirectory();
  server = await openEmbedded(data.path, data.runDirectory, quiet);
  await server.ensureRunning();
  url = urlOf('postgres');
});

afterAll(async () => {
  await server.stop();
  await data[Symbol.asyncDispose]();
});

const urlOf = (database: string, user = 'serverkit'): string =>
  `postgresql://${user}:hunter2@localhost:5432/${database}?host=${encodeURIComponent(String(server.connection.host))}`;

/** Speaks just enough of PostgreSQL's protocol (§54.7) to claim a version. */
const oldServer = async (version: number) => {
  const message = (type: string, ...parts: (string | Buffer)[]): Buffer => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
    const head = Buffer.alloc(5);
    head.write(type, 0, 'latin1');
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const ready = message('Z', 'I');
  const text = String(version);
  const answer = Buffer.concat([
    message('T', int16(1), 'version\0', int32(0), int16(0), int32(23), int16(4), int32(-1), int16(0)),
    message('D', int16(1), int32(text.length), text),
    message('C', 'SELECT 1\0'),
    ready,
  ]);
  const fake = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int32(0)), ready]));
      socket.on('data', (chunk: Buffer) => void (chunk[0] === 0x51 && socket.write(answer)));
    });
  });
  fake.listen(0, '127.0.0.1');
  await once(fake, 'listening');
  const address: AddressInfo | string | null = fake.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    [Symbol.dispose]: () => void fake.close(),
  };
};

describe('DATABASE_URL', () => {
  it('is used, and left running', async () => {
    const db = await openTestDatabase(data, { url });
    expect(db.kind).toBe('external');
    expect(db.directory).toBeUndefined();
    expect(await db.healthy()).toBe(true);
    await db.close();
    const client = new pg.Client(url);
    await client.connect();
    await client.end();
  });

  it('serves one ServerKit at a time', async () => {
    const first = await openTestDatabase(data, { url });
    await expect(openTestDatabase(data, { url })).rejects.toThrow(
      /^Another ServerKit already runs on this database; .*\.$/,
    );
    await first.close();
    await (await openTestDatabase(data, { url })).close();
  });

  it('waits a moment for a predecessor that is just ending', async () => {
    const first = await openTestDatabase(data, { url });
    const second = openTestDatabase(data, { url });
    await first.close();
    const successor = await second;
    expect(await successor.healthy()).toBe(true);
    await successor.close();
  });

  it('ends a ServerKit whose database was taken over while it was cut off', async () => {
    const usurped = Promise.withResolvers<Error>();
    const db = await openTestDatabase(data, { url, onUsurped: usurped.resolve });
    const rival = new pg.Client(url);
    await rival.connect();
    // The rival queues for the very lock, so that it has it the moment our session is cut.
    const { rows } = await rival.query<{ pid: number; key: string }>(
      `SELECT l.pid, ((l.classid::bigint << 32) | l.objid::bigint)::text AS key
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND a.application_name = 'serverkit-guard'`,
    );
    const taken = rival.query('SELECT pg_advisory_lock($1)', [rows[0]?.key]);
    const cutter = new pg.Client(url);
    await cutter.connect();
    await cutter.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await cutter.end();
    await taken;
    expect((await within(usurped.promise, 'the notice')).message).toMatch(/^Another ServerKit already runs/);
    expect(await db.healthy()).toBe(false);
    await db.close();
    await rival.end();
  });

  it('is waited for when it goes away and comes back', async () => {
    const db = await openTestDatabase(data, { url });
    killDatabase(data.path);
    await eventually(async () => !(await db.healthy()), 'the loss to be noticed');
    await server.ensureRunning();
    await eventually(() => db.healthy(), 'the database to be back', { limit: 60_000 });
    expect((await db.pool.query('SELECT 1')).rowCount).toBe(1);
    await db.close();
  });

  it.each([
    [
      'nothing listens',
      'postgresql://kit:hunter2@127.0.0.1:1/kit',
      /at 127\.0\.0\.1:1\/kit cannot be reached: nothing accepts/,
    ],
    [
      'the host is unknown',
      'postgresql://kit:hunter2@nowhere.invalid/kit',
      /nowhere\.invalid:5432\/kit cannot be reached: the host name is not known/,
    ],
  ])('is refused in one sentence without the password when %s', async (_what, bad, sentence) => {
    const failure = await openTestDatabase(data, { url: bad }).catch((error: unknown) => String(error));
    expect(failure).toMatch(sentence);
    expect(failure).not.toContain('hunter2');
  });

  it('is refused when the database or the user does not exist', async () => {
    await expect(openTestDatabase(data, { url: urlOf('absent') })).rejects.toThrow(
      /absent does not exist; create it/,
    );
    await expect(openTestDatabase(data, { url: urlOf('postgres', 'stranger') })).rejects.toThrow(
      /refused the user or password of DATABASE_URL/,
    );
  });

  it('is refused when it is too old', async () => {
    using old = await oldServer(140_011);
    await expect(
      openTestDatabase(data, { url: `postgresql://kit:x@127.0.0.1:${old.port}/kit` }),
    ).rejects.toThrow(/is PostgreSQL 14, but ServerKit needs PostgreSQL 15 or newer\.$/);
  });

  it('is refused when it cannot hold every text', async () => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(
      `CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    );
    await client.end();
    await expect(openTestDatabase(data, { url: urlOf('narrow') })).rejects.toThrow(
      /keeps text as LATIN1, but ServerKit needs UTF8/,
    );
  });
});
