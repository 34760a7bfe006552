import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import pino from 'pino';
import { startProcess } from '../../../testing/processes.ts';
import { withSession } from '../database/session.ts';
import { quiet } from '../database/testing.ts';
import { createAnchor } from './anchor.ts';
import { createMarks } from './marks.ts';
import { Sealer } from './sealer.ts';
import { createSeals } from './seals.ts';
import { testRecord, type TestRecord } from './testing.ts';

let record: TestRecord;
beforeAll(async () => {
  record = await testRecord();
});
beforeEach(() => record.reset());
afterAll(() => record[Symbol.asyncDispose]());

/** @param place - of the anchor: each process has its own */
function sealer(log = quiet, place = ''): Sealer {
  const { vault, db, dataDir } = record;
  return new Sealer({
    seals: createSeals(vault),
    marks: createMarks(vault),
    pool: db.pool,
    anchor: createAnchor(join(dataDir, place)),
    log,
  });
}

async function sealedActions(): Promise<string[]> {
  const { rows } = await record.db.pool.query<{ action: string }>(
    'SELECT e."action" FROM audit.seals s JOIN "AuditEvent" e ON e."id" = s.event_id ORDER BY s.position',
  );
  return rows.map(({ action }) => action);
}

test('an event is sealed when its transaction commits, also behind events with higher ids', async () => {
  await withSession(record.db.pool, async (client) => {
    await client.query('BEGIN');
    const { text, values } = record.audit.insertion({
      actor: { kind: 'system', label: 'slow' },
      action: 'slow.one',
    });
    await client.query(text, [...values]);
    await record.seal('quick.one', 'quick.two');
    expect(await sealedActions()).toEqual(['quick.one', 'quick.two']);
    expect(await record.problems()).toEqual([]);
    await client.query('COMMIT');
  });
  expect(await record.verify()).toMatchObject({ checked: 2, waiting: 1, problemCount: 0 });
  await record.seal('next.one');
  expect(await sealedActions()).toEqual(['quick.one', 'quick.two', 'slow.one', 'next.one']);
  expect(await record.problems()).toEqual([]);
});

test('an event whose transaction is undone leaves nothing to seal', async () => {
  await withSession(record.db.pool, async (client) => {
    await client.query('BEGIN');
    const { text, values } = record.audit.insertion({
      actor: { kind: 'system', label: 'x' },
      action: 'undone.one',
    });
    await client.query(text, [...values]);
    await client.query('ROLLBACK');
  });
  await record.seal('done.one');
  expect(await sealedActions()).toEqual(['done.one']);
  expect(await record.problems()).toEqual([]);
});

test('several sealers on one database make one chain, whoever is faster', async () => {
  const others = ['a', 'b', 'c'].map((place) => sealer(quiet, place));
  for (let round = 0; round < 10; round++) {
    const writing = record.write(...Array.from({ length: 20 }, (_, n) => `round.n${n}`));
    await Promise.all([...others.map((one) => one.sealAll()), writing]);
  }
  await Promise.all(others.map((one) => one.sealAll()));
  await record.trail.sealer.sealAll();
  expect(await record.verify()).toMatchObject({ checked: 200, waiting: 0, problemCount: 0 });
});

test('a sealer that is killed in the middle leaves a whole chain, and another goes on', async () => {
  const sealed = async (): Promise<number> => (await sealedActions()).length;
  await record.write(...Array.from({ length: 1_000 }, (_, n) => `many.n${n}`));
  for (const enough of [1, 100, 300]) {
    await using child = startProcess(process.execPath, [
      new URL('testing-sealer.ts', import.meta.url).pathname,
      record.dataDir,
    ]);
    await vi.waitFor(async () => expect(await sealed()).toBeGreaterThanOrEqual(enough), {
      timeout: 30_000,
      interval: 1,
    });
    child.kill('SIGKILL');
    await child.exit;
    expect(await record.problems()).toEqual([]);
    expect(await sealed()).toBeLessThan(1_000);
  }
  await record.trail.sealer.sealAll();
  expect(await record.verify()).toMatchObject({ checked: 1_000, waiting: 0, problemCount: 0 });
});

test('what was recorded by a release without marks is sealed as it is, and nothing like it afterwards', async () => {
  const insert = (id: number): Promise<void> =>
    record.sql(
      `INSERT INTO "AuditEvent" ("id", "actorKind", "actorLabel", "action", "outcome", "parameters")
       VALUES ($1, 'system', 'old release', 'old.event', 'ok', '{}')`,
      id,
    );
  await record.sql(`SELECT setval('"AuditEvent_id_seq"', 1000)`);
  await insert(10);
  await insert(20);
  await record.seal('new.event');
  expect(await sealedActions()).toEqual(['old.event', 'old.event', 'new.event']);
  expect(await record.problems()).toEqual([]);
  await insert(15);
  await record.seal('new.event');
  expect(await record.problems()).toEqual(['INSERTED evt_15']);
  await record.sql(`UPDATE "AuditEvent" SET "actorLabel" = 'x' WHERE "id" = 10`);
  expect(await record.problems()).toEqual(['ALTERED evt_10', 'INSERTED evt_15']);
});

test('says so when rows are not ours and when the end was taken away, and goes on', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  await record.seal('a.a', 'b.b');
  await record.sql('DELETE FROM "AuditEvent"');
  await record.sql('DELETE FROM audit.seals');
  await record.sql(
    `INSERT INTO "AuditEvent" ("id", "actorKind", "actorLabel", "action", "outcome", "parameters")
     VALUES (77, 'user', 'bob@example.com', 'server.delete', 'ok', '{}')`,
  );
  await record.write('c.c');
  await sealer(log).sealAll();
  expect(lines).toEqual([
    expect.stringContaining('the end of the audit record was taken away'),
    expect.stringContaining('evt_77'),
  ]);
  expect(await sealedActions()).toEqual(['c.c']);
});

test.each([
  ['holds the lock of the chain', 'SELECT pg_advisory_lock(7309834216052115)'],
  ['silences what tells of events', 'ALTER TABLE "AuditEvent" DISABLE TRIGGER USER'],
])('somebody who %s is not unnoticed', async (_who, sql) => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const own = sealer(log);
  await withSession(record.db.pool, async (client) => {
    await client.query(sql);
    await record.seal('a.a');
    expect(await sealedActions()).toEqual([]);
    expect(await own.reportOverdue()).toBe(0);
    expect(await own.reportOverdue(Date.now() + 61_000)).toBe(1);
    await client.query('SELECT pg_advisory_unlock_all()');
  });
  expect(lines).toEqual([expect.stringContaining('audit events are not sealed')]);
});

test('seals by itself soon after, and what is left when it stops', async () => {
  const own = sealer();
  await own.start();
  await record.write('a.a');
  await vi.waitFor(async () => expect(await sealedActions()).toEqual(['a.a']), { timeout: 30_000 });
  await record.write('b.b');
  await own.stop();
  expect(await sealedActions()).toEqual(['a.a', 'b.b']);
});
