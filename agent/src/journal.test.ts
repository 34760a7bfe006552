import { appendFile, readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { JOURNAL_RETENTION_MS, openJournal } from './journal.ts';

test('tells how a mutation ended', async () => {
  await using dir = await tempDir();
  const journal = await openJournal(dir.file('journal'), () => 1000);
  await journal.started('op1', 'stopContainer');
  expect(journal.outcome('op1')).toMatchObject({ state: 'STARTED', field: 'stopContainer', startedAt: 1000 });
  await journal.finished('op1', 'FAILED', 'NOT_FOUND', 'There is no such container.');
  expect(journal.outcome('op1')).toEqual({
    id: 'op1',
    state: 'FAILED',
    field: 'stopContainer',
    startedAt: 1000,
    finishedAt: 1000,
    errorCode: 'NOT_FOUND',
    errorMessage: 'There is no such container.',
  });
  expect(journal.outcome('op2')).toEqual({ id: 'op2', state: 'UNKNOWN' });
  await journal.close();
});

test('is on the disk before the side effect', async () => {
  await using dir = await tempDir();
  const journal = await openJournal(dir.file('journal'));
  await journal.started('op1', 'stopContainer');
  expect(await readFile(dir.file('journal'), 'utf8')).toContain('"op1"');
  await journal.close();
});

test('remembers across a restart; what was under way is INTERRUPTED, for ever', async () => {
  await using dir = await tempDir();
  const first = await openJournal(dir.file('journal'));
  await first.started('done', 'stopContainer');
  await first.finished('done', 'SUCCEEDED');
  await first.started('torn', 'restartContainer');
  await first.close();

  const second = await openJournal(dir.file('journal'));
  expect(second.outcome('done').state).toBe('SUCCEEDED');
  expect(second.outcome('torn').state).toBe('INTERRUPTED');
  await second.close();

  const third = await openJournal(dir.file('journal'));
  expect(third.outcome('torn').state).toBe('INTERRUPTED');
  await third.close();
});

test('passes over a torn last line, and does not glue the next to it', async () => {
  await using dir = await tempDir();
  const first = await openJournal(dir.file('journal'));
  await first.started('op1', 'stopContainer');
  await first.close();
  await appendFile(dir.file('journal'), '{"id":"op2","at":17');

  const second = await openJournal(dir.file('journal'));
  await second.started('op3', 'startContainer');
  await second.close();
  const third = await openJournal(dir.file('journal'));
  expect(third.outcome('op1').state).toBe('INTERRUPTED');
  expect(third.outcome('op2').state).toBe('UNKNOWN');
  expect(third.outcome('op3').state).toBe('INTERRUPTED');
  await third.close();
});

test('passes over lines that are JSON and nonsense', async () => {
  await using dir = await tempDir();
  await appendFile(dir.file('journal'), '[]\nnull\n{"id":1,"at":2}\n{"id":"x","at":2,"outcome":"MAYBE"}\n');
  const journal = await openJournal(dir.file('journal'));
  expect(journal.outcome('x').state).toBe('UNKNOWN');
  await journal.close();
});

test('forgets after a day', async () => {
  await using dir = await tempDir();
  let now = 1_000_000;
  const journal = await openJournal(dir.file('journal'), () => now);
  await journal.started('op1', 'stopContainer');
  await journal.finished('op1', 'SUCCEEDED');
  now += JOURNAL_RETENTION_MS;
  expect(journal.outcome('op1').state).toBe('SUCCEEDED');
  now += 1;
  expect(journal.outcome('op1').state).toBe('UNKNOWN');
  await journal.close();

  const reopened = await openJournal(dir.file('journal'), () => now);
  await reopened.close();
  expect(await readFile(dir.file('journal'), 'utf8')).not.toContain('op1');
});

test('writes of many mutations at once keep their order and lose nothing', async () => {
  await using dir = await tempDir();
  const journal = await openJournal(dir.file('journal'));
  const ids = Array.from({ length: 50 }, (_, n) => `op${n}`);
  await Promise.all(
    ids.map(async (id) => {
      await journal.started(id, 'startContainer');
      await journal.finished(id, 'SUCCEEDED');
    }),
  );
  await journal.close();
  const reopened = await openJournal(dir.file('journal'));
  expect(ids.map((id) => reopened.outcome(id).state)).toEqual(ids.map(() => 'SUCCEEDED'));
  await reopened.close();
});

test('is for the eyes of its account alone, and cuts long messages', async () => {
  await using dir = await tempDir();
  const journal = await openJournal(dir.file('journal'));
  await journal.started('op1', 'stopContainer');
  await journal.finished('op1', 'FAILED', 'DOCKER_ERROR', 'x'.repeat(10_000));
  await journal.close();
  const { mode, size } = await stat(dir.file('journal'));
  expect(mode & 0o777).toBe(0o600);
  expect(size).toBeLessThan(1000);
});
