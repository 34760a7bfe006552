import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { quiet } from '../database/testing.ts';
import { deleteOld } from './retention.ts';
import { createSeals } from './seals.ts';
import { testRecord, type TestRecord } from './testing.ts';

const dayMs = 24 * 60 * 60_000;

let record: TestRecord;
beforeAll(async () => {
  record = await testRecord();
});
beforeEach(() => record.reset());
afterAll(() => record[Symbol.asyncDispose]());

/** Deletes what was written before now. */
const retain = (before = new Date()): Promise<number> =>
  deleteOld({
    pool: record.db.pool,
    seals: createSeals(record.vault),
    log: quiet,
    before,
    signal: new AbortController().signal,
  });

async function actions(): Promise<string[]> {
  const events = await record.db.prisma.auditEvent.findMany({ orderBy: { id: 'asc' } });
  return events.map(({ action }) => action);
}

/** A moment between what was written and what will be. */
async function moment(): Promise<Date> {
  const { rows } = await record.db.pool.query<{ at: Date }>(
    'SELECT max("at") + interval \'1 millisecond\' AS at FROM "AuditEvent"',
  );
  const at = rows[0]?.at ?? new Date();
  while (Date.now() <= at.getTime());
  return at;
}

test('deletes the old beginning, and the rest can still be checked', async () => {
  await record.seal('old.one', 'old.two');
  const between = await moment();
  const [c] = await record.seal('new.one', 'new.two');
  expect(await retain(between)).toBe(2);
  expect(await actions()).toEqual(['new.one', 'new.two']);
  expect(await record.verify()).toMatchObject({ checked: 2, since: between, problemCount: 0 });
  await record.sql(`UPDATE "AuditEvent" SET "action" = 'x' WHERE "id" = $1`, c);
  expect(await record.problems()).toEqual([`ALTERED evt_${c}`]);
});

test('deletes all of it, and the chain goes on', async () => {
  await record.seal('old.one', 'old.two');
  expect(await retain(await moment())).toBe(2);
  expect(await record.verify()).toMatchObject({ checked: 0, problemCount: 0 });
  await record.seal('new.one');
  expect(await record.verify()).toMatchObject({ checked: 1, problemCount: 0 });
});

test('takes many away in batches, each of which leaves a whole record', async () => {
  await record.seal(...Array.from({ length: 50 }, (_, n) => `old.n${n}`));
  const between = await moment();
  await record.seal('new.one');
  const left = new AbortController();
  const once = deleteOld({
    pool: record.db.pool,
    seals: createSeals(record.vault),
    log: quiet,
    before: between,
    atOnce: 20,
    // Asked between batches, so that it ends after the first.
    signal: Object.assign(left.signal, {
      throwIfAborted: () => {
        if (left.signal.aborted) throw new Error('stopped');
        left.abort();
      },
    }),
  });
  await expect(once).rejects.toThrow('stopped');
  expect(await record.verify()).toMatchObject({ checked: 31, problemCount: 0 });
  expect(await retain(between)).toBe(30);
  expect(await record.verify()).toMatchObject({ checked: 1, problemCount: 0 });
});

test('keeps what is not sealed', async () => {
  await record.seal('old.one');
  await record.write('old.two');
  expect(await retain(await moment())).toBe(1);
  expect(await actions()).toEqual(['old.two']);
});

test('what retention deleted cannot be brought back as if it were new', async () => {
  await record.seal('old.one');
  await record.sql('CREATE TABLE stolen AS SELECT * FROM "AuditEvent"');
  const between = await moment();
  await record.seal('new.one');
  await retain(between);
  await record.sql('INSERT INTO "AuditEvent" SELECT * FROM stolen');
  await record.sql('DROP TABLE stolen');
  await record.trail.sealer.sealAll();
  expect(await record.problems()).toEqual(['INSERTED evt_1']);
});

test('an event that somebody removed goes with its neighbours', async () => {
  const [, b] = await record.seal('old.one', 'old.two', 'old.three');
  await record.sql('DELETE FROM "AuditEvent" WHERE "id" = $1', b);
  const between = await moment();
  await record.seal('new.one');
  expect(await retain(between)).toBe(3);
  expect(await record.problems()).toEqual([]);
});

describe('someone who writes to the database', () => {
  const longAgo = new Date(Date.now() - 700 * dayMs);
  const aYearAgo = new Date(Date.now() - 365 * dayMs);

  test('cannot have a new event deleted by making it old', async () => {
    const [, b] = await record.seal('old.one', 'new.one', 'new.two');
    await record.sql(`UPDATE "AuditEvent" SET "at" = $1 WHERE "id" <= $2`, longAgo, b);
    expect(await retain(aYearAgo)).toBe(0);
    expect(await actions()).toEqual(['old.one', 'new.one', 'new.two']);
    expect(await record.problems()).toContain(`ALTERED evt_${b}`);
  });

  test('cannot do it with the copy of an event that is old', async () => {
    const [a, b] = await record.seal('old.one', 'new.one');
    const between = await moment();
    await record.sql(
      `UPDATE "AuditEvent" SET ("at", "action", "mark") =
         (SELECT "at", "action", "mark" FROM "AuditEvent" WHERE "id" = $1) WHERE "id" = $2`,
      a,
      b,
    );
    expect(await retain(between)).toBe(1);
    expect(await record.problems()).toContain(`MISPLACED evt_${b}`);
  });

  test('cannot do it by taking the seals before away', async () => {
    const [, , c] = await record.seal('new.one', 'new.two', 'new.three');
    await record.sql(`UPDATE "AuditEvent" SET "at" = $1 WHERE "id" = $2`, longAgo, c);
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" < $1', c);
    await record.sql('DELETE FROM audit.seals WHERE position < 3');
    expect(await retain(aYearAgo)).toBe(0);
    expect(await record.problems()).toContain('REMOVED place 1 and 1 more');
  });

  test('cannot have it deleted sooner than anybody may ask for', async () => {
    await record.trail.setRetentionDays(30, { kind: 'system', label: 'test' });
    await record.sql(`UPDATE "Setting" SET "value" = '{"days": -1}' WHERE "key" = 'audit.retention'`);
    expect(await record.trail.retentionDays()).toBe(365);
    await record.sql('DELETE FROM "Setting"');
  });
});

test('lasts a year unless somebody says otherwise, which is on record', async () => {
  const { trail } = record;
  const { signal } = new AbortController();
  expect(await trail.retentionDays()).toBe(365);
  await record.seal('old.one');
  expect(await trail.deleteOld(signal, Date.now() + 364 * dayMs)).toBe(0);
  await trail.setRetentionDays(null, { kind: 'system', label: 'test' });
  await trail.sealer.sealAll();
  expect(await trail.deleteOld(signal, Date.now() + 5_000 * dayMs)).toBe(0);
  await trail.setRetentionDays(30, { kind: 'system', label: 'test' });
  await trail.sealer.sealAll();
  expect(await trail.deleteOld(signal, Date.now() + 31 * dayMs)).toBe(3);
  expect(await actions()).toEqual(['audit.deleteOld']);
  const [event] = await record.db.prisma.auditEvent.findMany();
  expect(event?.parameters).toMatchObject({ events: 3 });
});
