import { statfs } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { silentLog } from '../log.ts';
import { createIncoming, type IncomingOptions } from './incoming.ts';

async function intake(options: Partial<IncomingOptions> = {}) {
  const dir = await tempDir();
  const incoming = createIncoming({ folder: dir.path, maxBytes: 2 ** 60, log: silentLog, ...options });
  const files = incoming.intake<string>((name) => name);
  return {
    dir,
    files,
    open: (id: string, { actor = 'ann', sizeBytes = 1 } = {}) =>
      files.open({ id: id.padEnd(8, '0'), sizeBytes, actor }, id, () => Promise.resolve(true)),
    write: (id: string) => files.write(id.padEnd(8, '0'), 0, Buffer.from('x')),
    async [Symbol.asyncDispose]() {
      await incoming.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const tooMany = expect.objectContaining({ code: 'TOO_MANY_OPERATIONS' });

test('room on the disk is promised to one of two that ask at the same time', async () => {
  await using bench = await intake();
  const { bavail, bsize } = await statfs(bench.dir.path);
  const sizeBytes = Math.floor(bavail * bsize * 0.6);
  const both = await Promise.allSettled(['a', 'b'].map((id) => bench.open(id, { sizeBytes })));
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('one person leaves places for others', async () => {
  await using bench = await intake();
  for (const id of ['a', 'b', 'c', 'd']) await bench.open(id);
  await expect(bench.open('e')).rejects.toEqual(tooMany);
  await bench.open('f', { actor: 'bob' });
});

test('a place that was only asked for makes room, one that is used does not', async () => {
  await using bench = await intake({ askedMs: 0 });
  for (const id of ['a', 'b', 'c', 'd']) await bench.open(id);
  await bench.write('a');
  await bench.open('e');
  await expect(bench.write('b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  for (const id of ['c', 'd', 'e']) await bench.write(id);
  await expect(bench.open('f')).rejects.toEqual(tooMany);
});
