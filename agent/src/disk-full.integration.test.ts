import { rm, statfs, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { run } from '../../testing/processes.ts';
import { tempDir, type TempDir } from '../../testing/tmp.ts';
import { openJournal } from './journal.ts';
import { createLog } from './log.ts';
import { measurement } from './system/fixtures.ts';
import { openRing } from './system/ring.ts';

/** A file system of one megabyte. */
async function smallDisk(): Promise<TempDir> {
  const dir = await tempDir();
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=100', 'tmpfs', dir.path]);
  return {
    ...dir,
    async [Symbol.asyncDispose]() {
      await run('umount', [dir.path]);
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Leaves not a block free. */
async function fill(dir: TempDir): Promise<void> {
  const { bavail, bsize } = await statfs(dir.path);
  await writeFile(dir.file('ballast'), Buffer.alloc(bavail * bsize));
}

describeWith('root', 'a full disk', () => {
  test('does not keep a command from being written down, so that somebody can make room', async () => {
    await using disk = await smallDisk();
    const journal = await openJournal(disk.file('journal'));
    await fill(disk);
    for (let n = 0; n < 100; n++) {
      await journal.started(`op${n}`, 'removeContainer');
      await journal.finished(`op${n}`, 'SUCCEEDED');
    }
    await journal.close();
    const again = await openJournal(disk.file('journal'));
    expect(again.outcome('op99').state).toBe('SUCCEEDED');
    await again.close();
  });

  test('refuses commands at last, rather than to run them unwritten', async () => {
    await using disk = await smallDisk();
    const journal = await openJournal(disk.file('journal'));
    await fill(disk);
    await rm(disk.file('journal.reserve'));
    await writeFile(disk.file('rest'), Buffer.alloc(256 * 1024));
    const ids = Array.from({ length: 200 }, (_, n) => `op${n}`);
    const outcomes = await Promise.allSettled(ids.map((id) => journal.started(id, 'x'.repeat(200))));
    expect(outcomes.at(-1)?.status).toBe('rejected');
    await rm(disk.file('ballast'));
    await journal.started('later', 'stopContainer');
    await journal.close();
    const again = await openJournal(disk.file('journal'));
    expect(again.outcome('later').state).toBe('INTERRUPTED');
    const known = outcomes.map(({ status }) => (status === 'fulfilled' ? 'INTERRUPTED' : 'UNKNOWN'));
    expect(ids.map((id) => again.outcome(id).state)).toEqual(known);
    await again.close();
  });

  test('costs samples nothing but their place on disk, until there is room again', async () => {
    await using disk = await smallDisk();
    const lines: string[] = [];
    const log = createLog({ level: 'info', write: (line) => lines.push(line) });
    const ring = openRing({ folder: disk.file('samples'), log });
    await fill(disk);
    const taken = Array.from({ length: 50 }, () => ring.append(measurement()));
    expect(ring.after(null, 100)).toEqual(taken);
    expect(lines.filter((line) => line.includes('cannot be kept on disk'))).toHaveLength(1);
    await rm(disk.file('ballast'));
    taken.push(...Array.from({ length: 10 }, () => ring.append(measurement())));
    ring.close();
    const again = openRing({ folder: disk.file('samples'), log });
    expect(again.after(null, 100)).toEqual(taken);
    again.close();
  });
});
