import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { createLog, silentLog } from '../log.ts';
import { measurement } from './fixtures.ts';
import { openRing, RING_CAPACITY, type Ring } from './ring.ts';
import type { StoredSample } from './sample.ts';

function fill(ring: Ring, count: number): StoredSample[] {
  return Array.from({ length: count }, (_, n) => ring.append(measurement({ at: 1000 * n })));
}

const places = (samples: readonly StoredSample[]): string[] =>
  samples.map(({ epoch, seq }) => `${epoch.slice(0, 4)}:${seq}`);

test('holds more than an hour', () => {
  expect(RING_CAPACITY * 10).toBeGreaterThan(3600);
});

test('gives each measurement its place, and what comes after a cursor in batches', async () => {
  await using dir = await tempDir();
  const ring = openRing({ folder: dir.path, log: silentLog });
  expect(ring.epoch).toMatch(/^[0-9a-f]{16}$/);
  const all = fill(ring, 5);
  expect(all.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
  expect(ring.after({ epoch: ring.epoch, seq: 1 }, 2)).toEqual(all.slice(2, 4));
  expect(ring.after({ epoch: ring.epoch, seq: 4 }, 10)).toEqual([]);
  ring.close();
});

test('an unknown cursor, or none, stands for the beginning', async () => {
  await using dir = await tempDir();
  const ring = openRing({ folder: dir.path, log: silentLog });
  const all = fill(ring, 3);
  expect(ring.after(null, 10)).toEqual(all);
  expect(ring.after({ epoch: 'ffffffffffffffff', seq: 100 }, 10)).toEqual(all);
  ring.close();
});

test('keeps the order of epochs across restarts, and a cursor of an earlier one holds', async () => {
  await using dir = await tempDir();
  const lives: StoredSample[][] = [];
  for (const _ of [1, 2, 3]) {
    const ring = openRing({ folder: dir.path, log: silentLog });
    lives.push(fill(ring, 3));
    ring.close();
  }
  const ring = openRing({ folder: dir.path, log: silentLog });
  const all = lives.flat();
  expect(ring.after(null, 100)).toEqual(all);
  const second = all[4];
  expect(ring.after(second ?? null, 100)).toEqual(all.slice(5));
  expect(new Set(all.map(({ epoch }) => epoch)).size).toBe(3);
  ring.close();
});

test('a cursor beyond what a crash left of its epoch goes on with the next epoch', async () => {
  await using dir = await tempDir();
  const first = openRing({ folder: dir.path, log: silentLog });
  fill(first, 2);
  first.close();
  const ring = openRing({ folder: dir.path, log: silentLog });
  const after = fill(ring, 2);
  expect(ring.after({ epoch: first.epoch, seq: 7 }, 10)).toEqual(after);
  ring.close();
});

test('a cursor older than what is left of its epoch begins with what is left', async () => {
  await using dir = await tempDir();
  const ring = openRing({ folder: dir.path, log: silentLog, capacity: 3 });
  const all = fill(ring, 10);
  expect(ring.size).toBe(3);
  expect(ring.after({ epoch: ring.epoch, seq: 2 }, 10)).toEqual(all.slice(7));
  ring.close();
});

test('is bounded on disk too', async () => {
  await using dir = await tempDir();
  const ring = openRing({ folder: dir.path, log: silentLog, capacity: 150 });
  fill(ring, 1000);
  ring.close();
  const names = await readdir(dir.path);
  expect(names.length).toBeLessThanOrEqual(3);
  const again = openRing({ folder: dir.path, log: silentLog, capacity: 150 });
  expect(again.size).toBe(150);
  expect(again.after(null, 1)[0]?.seq).toBe(850);
  again.close();
});

test('many short lives leave few files, and nothing is lost', async () => {
  await using dir = await tempDir();
  const all: StoredSample[] = [];
  for (let life = 0; life < 40; life++) {
    const ring = openRing({ folder: dir.path, log: silentLog });
    all.push(...fill(ring, 1));
    ring.close();
  }
  expect((await readdir(dir.path)).length).toBeLessThan(30);
  const ring = openRing({ folder: dir.path, log: silentLog });
  expect(places(ring.after(null, 100))).toEqual(places(all));
  ring.close();
});

test('passes over torn lines and foreign files', async () => {
  await using dir = await tempDir();
  const first = openRing({ folder: dir.path, log: silentLog });
  const all = fill(first, 2);
  first.close();
  const [segment = ''] = await readdir(dir.path);
  await appendFile(dir.file(segment), '{"epoch":"dead","seq":9,"at":1');
  await writeFile(dir.file('notes.txt'), 'mine');
  await writeFile(dir.file('00000099.jsonl'), '\u0000\u0000{"epoch":1}\n[]\n');
  const ring = openRing({ folder: dir.path, log: silentLog });
  expect(ring.after(null, 10)).toEqual(all);
  ring.close();
  expect(await readFile(dir.file('notes.txt'), 'utf8')).toBe('mine');
});

test('without a disk it keeps in memory, says so once, and writes everything when the disk is back', async () => {
  await using dir = await tempDir();
  const folder = dir.file('samples');
  await writeFile(folder, 'in the way');
  const lines: string[] = [];
  const log = createLog({ level: 'info', write: (line) => lines.push(line) });
  const ring = openRing({ folder, log });
  const lost = fill(ring, 8);
  expect(ring.after(null, 100)).toEqual(lost);
  expect(lines.filter((line) => line.includes('cannot be kept on disk'))).toHaveLength(1);

  await rm(folder);
  const rest = fill(ring, 8);
  expect(lines.filter((line) => line.includes('kept on disk again'))).toHaveLength(1);
  ring.close();
  const again = openRing({ folder, log });
  expect(again.after(null, 100)).toEqual([...lost, ...rest]);
  again.close();
});

test('values come back from disk exactly as they were sent', async () => {
  await using dir = await tempDir();
  const first = openRing({ folder: dir.path, log: silentLog });
  const sent = first.append(
    measurement({ cpuPercent: 0.1, load1: 99.99, memoryTotalBytes: Number.MAX_SAFE_INTEGER }),
  );
  first.close();
  const ring = openRing({ folder: dir.path, log: silentLog });
  expect(ring.after(null, 1)).toEqual([sent]);
  ring.close();
});

test('is for the eyes of its account alone', async () => {
  await using dir = await tempDir();
  const ring = openRing({ folder: dir.file('state', 'samples'), log: silentLog });
  fill(ring, 1);
  ring.close();
  expect((await stat(dir.file('state', 'samples'))).mode & 0o777).toBe(0o700);
});
