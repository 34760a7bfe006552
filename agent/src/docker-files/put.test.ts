import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { put, targetOf } from './put.ts';
import { oneFolder, type OneFolderOptions } from './testing-engine.ts';

async function putting(options: OneFolderOptions, signal = new AbortController().signal) {
  const place = oneFolder(options);
  place.files.set('there', 'old');
  const left: string[] = [];
  const target = await targetOf(place, '/there', signal);
  const content = (): Readable => Readable.from([Buffer.from('new')], { objectMode: false });
  const done = put(place, target, { sizeBytes: 3, content, signal, onLeft: (name) => left.push(name) });
  return { place, done, left };
}

describe('a file that takes the place of another', () => {
  test('is there under its name alone', async () => {
    const { place, done, left } = await putting({ links: true });
    await done;
    expect([...place.files]).toEqual([['there', 'new']]);
    expect(left).toEqual([]);
  });

  test('destroys nothing where files have one name only', async () => {
    const { place, done, left } = await putting({ links: false });
    await expect(done).rejects.toThrow(/operation not permitted/);
    expect([...place.files]).toEqual([['there', 'old']]);
    expect(left).toEqual([]);
  });

  test('is told as done when it is cancelled too late', async () => {
    const reader = new AbortController();
    const unpacked = (): Promise<void> => {
      reader.abort();
      return Promise.resolve();
    };
    const { place, done } = await putting({ links: true, unpacked }, reader.signal);
    await done;
    expect([...place.files]).toEqual([['there', 'new']]);
  });
});
