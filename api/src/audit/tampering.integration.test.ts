import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isServerKitError } from '../errors.ts';
import { anchorPath } from './anchor.ts';
import { testRecord, type TestRecord } from './testing.ts';

let record: TestRecord;
beforeAll(async () => {
  record = await testRecord();
});
beforeEach(() => record.reset());
afterAll(() => record[Symbol.asyncDispose]());

/** Five sealed events, by id. */
async function five(): Promise<[bigint, bigint, bigint, bigint, bigint]> {
  const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n] = await record.seal('a.a', 'b.b', 'c.c', 'd.d', 'e.e');
  return [a, b, c, d, e];
}

describe('a record that nobody touched', () => {
  test('is intact, and says how far it goes', async () => {
    expect(await record.verify()).toMatchObject({ checked: 0, waiting: 0, since: null, until: null });
    await five();
    await record.write('late.one');
    const result = await record.verify();
    expect(result).toMatchObject({ checked: 5, waiting: 1, since: null, problemCount: 0, problems: [] });
    expect(result.until).toBeInstanceOf(Date);
  });

  test('is intact whatever JSON made of the parameters', async () => {
    const odd = {
      n: -0,
      big: 1e300,
      small: 5e-324,
      text: '\u2028\u{1f600}"\\',
      10: 'ten',
      9: 'nine',
      none: null,
    };
    await record.audit.record(record.db.prisma, {
      actor: { kind: 'system', label: 'test' },
      action: 'odd.one',
      parameters: { odd, when: new Date(0), bytes: Buffer.from('x'), inf: Infinity, big: 12n },
    });
    await record.trail.sealer.sealAll();
    expect(await record.verify()).toMatchObject({ checked: 1, problemCount: 0 });
  });
});

describe('somebody with the database, but not the keys', () => {
  test.each([
    ['what was done', `"action" = 'nothing.much'`],
    ['who did it', `"actorId" = 'usr_2'`],
    ['their name', `"actorLabel" = 'eve@example.com'`],
    ['where from', `"address" = NULL`],
    ['when', `"at" = "at" + interval '1 millisecond'`],
    ['to what', `"targetId" = 'srv_2'`],
    ['how it ended', `"outcome" = 'refused'`],
    ['a parameter', `"parameters" = jsonb_set("parameters", '{zeta}', '2')`],
    ['the number of likes', `"count" = 2`],
    ['how long it took', `"durationMs" = 13`],
    ['the exit code', `"exitCode" = 1`],
    ['the mark', `"mark" = decode(repeat('00', 32), 'hex')`],
  ])('cannot change %s', async (_what, change) => {
    const [, , c] = await five();
    await record.sql(`UPDATE "AuditEvent" SET ${change} WHERE "id" = $1`, c);
    expect(await record.problems()).toEqual([`ALTERED evt_${c}`]);
  });

  test('cannot make a check fall over with parameters that are too deep', async () => {
    const [, , c] = await five();
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    await record.sql(`UPDATE "AuditEvent" SET "parameters" = $2::jsonb WHERE "id" = $1`, c, deep);
    expect(await record.problems()).toEqual([`ALTERED evt_${c}`]);
  });

  test('cannot remove an event', async () => {
    const [, b] = await five();
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" = $1', b);
    expect(await record.problems()).toEqual([`REMOVED evt_${b}`]);
  });

  test('cannot remove events together with their seals', async () => {
    const [, b, c] = await five();
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" = ANY ($1)', [b, c]);
    await record.sql('DELETE FROM audit.seals WHERE event_id = ANY ($1)', [b, c]);
    expect(await record.problems()).toEqual(['REMOVED place 2 and 1 more']);
  });

  test('cannot remove events with their seals and close the gap', async () => {
    const [, b] = await five();
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" = $1', b);
    await record.sql('DELETE FROM audit.seals WHERE event_id = $1', b);
    await record.sql('UPDATE audit.seals SET position = -position + 1 WHERE position > 1');
    await record.sql('UPDATE audit.seals SET position = -position WHERE position < 0');
    // Every seal behind the gap answers for another place; and the end is not where it was written down to be.
    expect(await record.problems()).toEqual([
      expect.stringContaining('MISPLACED'),
      expect.stringContaining('MISPLACED'),
      expect.stringContaining('MISPLACED'),
      'REMOVED place 5 and 0 more',
    ]);
  });

  test('cannot remove an event before it is sealed', async () => {
    const [a] = await record.write('short.lived');
    await record.sql('DELETE FROM "AuditEvent"');
    await record.trail.sealer.sealAll();
    expect(await record.problems()).toEqual([`REMOVED evt_${a}`]);
  });

  test('cannot swap two events', async () => {
    const [, b, c] = await five();
    await record.sql('UPDATE "AuditEvent" SET "id" = -1 WHERE "id" = $1', b);
    await record.sql('UPDATE "AuditEvent" SET "id" = $1 WHERE "id" = $2', b, c);
    await record.sql('UPDATE "AuditEvent" SET "id" = $1 WHERE "id" = -1', c);
    expect(await record.problems()).toEqual([`MISPLACED evt_${b}`, `MISPLACED evt_${c}`]);
  });

  test('cannot swap two seals', async () => {
    await five();
    await record.sql('UPDATE audit.seals SET position = -1 WHERE position = 2');
    await record.sql('UPDATE audit.seals SET position = 2 WHERE position = 3');
    await record.sql('UPDATE audit.seals SET position = 3 WHERE position = -1');
    expect(await record.problems()).toHaveLength(3);
  });

  test('cannot change a seal', async () => {
    const [, b] = await five();
    await record.sql(`UPDATE audit.seals SET mac = decode(repeat('00', 32), 'hex') WHERE event_id = $1`, b);
    expect(await record.problems()).toEqual([`MISPLACED evt_${b}`]);
  });

  test.each([
    ['without a mark', 'NULL'],
    ['with a mark they made up', `sha256('mark')`],
    ['with the mark of another one', '(SELECT "mark" FROM "AuditEvent" LIMIT 1)'],
  ])('cannot insert an event of their own %s: it is never sealed', async (_how, mark) => {
    await five();
    await record.sql(
      `INSERT INTO "AuditEvent" ("id", "actorKind", "actorLabel", "action", "outcome", "parameters", "mark")
       VALUES (500, 'user', 'bob@example.com', 'server.delete', 'ok', '{}', ${mark})`,
    );
    expect(await record.problems()).toEqual(['INSERTED evt_500']);
    expect(await record.trail.sealer.sealAll()).toBe(0);
    expect(await record.problems()).toEqual(['INSERTED evt_500']);
  });

  test('cannot insert one again that happened', async () => {
    await five();
    await record.sql(
      `INSERT INTO "AuditEvent" ("id", "at", "actorKind", "actorId", "actorLabel", "address", "action", "targetKind",
         "targetId", "targetName", "serverId", "outcome", "parameters", "count", "durationMs", "exitCode", "mark")
       SELECT 500, "at", "actorKind", "actorId", "actorLabel", "address", "action", "targetKind", "targetId",
         "targetName", "serverId", "outcome", "parameters", "count", "durationMs", "exitCode", "mark"
       FROM "AuditEvent" LIMIT 1`,
    );
    expect(await record.trail.sealer.sealAll()).toBe(0);
    expect(await record.problems()).toEqual(['INSERTED evt_500']);
  });

  test('cannot insert one by going around the queue', async () => {
    await five();
    await record.sql('ALTER TABLE "AuditEvent" DISABLE TRIGGER USER');
    await record.sql(
      `INSERT INTO "AuditEvent" ("id", "actorKind", "actorLabel", "action", "outcome", "parameters")
       VALUES (-5, 'user', 'bob@example.com', 'server.delete', 'ok', '{}')`,
    );
    expect(await record.problems()).toEqual(['INSERTED evt_-5']);
  });

  test('cannot cut off the end', async () => {
    const [, , , d, e] = await five();
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" = ANY ($1)', [d, e]);
    await record.sql('DELETE FROM audit.seals WHERE position > 3');
    expect(await record.problems()).toEqual(['REMOVED place 4 and 1 more']);
  });

  test('cannot cut off the end and hide it behind what comes after', async () => {
    const [, , , d, e] = await five();
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" = ANY ($1)', [d, e]);
    await record.sql('DELETE FROM audit.seals WHERE position > 3');
    await record.seal('f.f', 'g.g');
    expect(await record.problems()).toEqual(['REMOVED place 4 and 1 more']);
  });

  test('cannot cut off the end behind a checkpoint, even with nothing outside of the database to tell', async () => {
    await five();
    await checkpoint();
    await record.sql('DELETE FROM "AuditEvent"');
    await record.sql('DELETE FROM audit.seals');
    await rm(anchorPath(record.dataDir));
    expect(await record.problems()).toEqual(['REMOVED place 1 and 999 more']);
    expect(await record.problems('checkpoint')).toEqual(['REMOVED place 1000']);
  });

  test('cannot take all of it away', async () => {
    await five();
    await record.sql('TRUNCATE "AuditEvent", audit.seals, audit.checkpoints, audit.pending');
    expect(await record.problems()).toEqual(['REMOVED place 0', 'REMOVED place 1 and 4 more']);
    await record.seal('f.f');
    expect(await record.problems()).toEqual(['REMOVED place 0', 'REMOVED place 1 and 4 more']);
  });

  test('cannot forge a checkpoint to begin from', async () => {
    const [a, b] = await five();
    await record.sql(
      `INSERT INTO audit.checkpoints (position, kind, mac, made_at, proof)
       SELECT position, 'retention', mac, now(), mac FROM audit.seals WHERE position = 2`,
    );
    await record.sql('DELETE FROM "AuditEvent" WHERE "id" = ANY ($1)', [a, b]);
    await record.sql('DELETE FROM audit.seals WHERE position <= 2');
    expect(await record.problems()).toEqual(['CHECKPOINT_ALTERED place 2', 'REMOVED place 1 and 1 more']);
  });
});

/** As many events as it takes for one. */
async function checkpoint(): Promise<void> {
  await record.write(...Array.from({ length: 995 }, () => 'many.more'));
  await record.trail.sealer.sealAll();
}

test('a check since the last checkpoint sees what came after it, and not before', async () => {
  const [a] = await five();
  await checkpoint();
  const [z = 0n] = await record.seal('z.z');
  await record.sql(`UPDATE "AuditEvent" SET "action" = 'x' WHERE "id" = ANY ($1)`, [a, z]);
  expect(await record.problems('checkpoint')).toEqual([`ALTERED evt_${z}`]);
  expect(await record.problems()).toEqual([`ALTERED evt_${a}`, `ALTERED evt_${z}`]);
});

test('a check ends when nobody waits for it any more', async () => {
  await five();
  const left = AbortSignal.abort(new Error('left'));
  await expect(record.trail.verify({ since: 'beginning', signal: left })).rejects.toThrow('left');
  expect(await record.problems()).toEqual([]);
});

test('checks that nobody could wait for are not begun', async () => {
  await record.seal('a.a');
  const checks = await Promise.allSettled(Array.from({ length: 6 }, () => record.verify()));
  const ends = checks.map((check) =>
    check.status === 'fulfilled'
      ? check.value.checked
      : isServerKitError(check.reason, 'TOO_MANY_OPERATIONS'),
  );
  expect(ends).toEqual([1, 1, 1, 1, true, true]);
  expect(await record.verify()).toMatchObject({ checked: 1 });
});
