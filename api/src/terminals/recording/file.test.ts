import { appendFile, open, readFile, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { tempDir } from '../../../../testing/tmp.ts';
import { VaultError, vaultWith } from '../../secrets/vault.ts';
import {
  DiskStalled,
  longestWriteMs,
  piecesOf,
  RecordingFile,
  soundPiecesOf,
  type RecordingPlace,
} from './file.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const vault = vaultWith(new Uint8Array(32).fill(7));

async function place(id = 'rec_one') {
  const dir = await tempDir('sk-recording-');
  const at: RecordingPlace = { path: dir.file('server/one.sealed'), id, vault };
  return { at, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

async function textOf(at: RecordingPlace, count?: number): Promise<string> {
  let text = '';
  for await (const piece of piecesOf(at, count)) text += piece.text.toString();
  return text;
}

test('what is written is read again, and nobody else reads it', async () => {
  await using one = await place();
  const file = await RecordingFile.create(one.at);
  await file.write('the secret of the shell ');
  await file.flush();
  expect(await textOf(one.at)).toBe('the secret of the shell ');
  await file.write('é'.repeat(100_000));
  await file.close();
  expect(await textOf(one.at, file.pieces)).toBe(`the secret of the shell ${'é'.repeat(100_000)}`);
  expect((await readFile(one.at.path)).includes('secret')).toBe(false);
  expect((await stat(one.at.path)).mode & 0o777).toBe(0o600);
  await expect(textOf({ ...one.at, id: 'rec_other' })).rejects.toBeInstanceOf(VaultError);
});

test('one that was cut off goes on behind its last whole piece', async () => {
  await using one = await place();
  const file = await RecordingFile.create(one.at);
  await file.write('first ');
  await file.flush();
  await file.write('second ');
  await file.close();
  await truncate(one.at.path, (await stat(one.at.path)).size - 3);
  const again = await RecordingFile.reopen(one.at);
  expect(again.sizeBytes).toBe('first '.length);
  await again.file.write('third');
  await again.file.close();
  expect(await textOf(one.at, again.file.pieces)).toBe('first third');
});

test('no piece is changed, moved or taken away unnoticed', async () => {
  await using one = await place();
  const file = await RecordingFile.create(one.at);
  for (const text of ['first ', 'other ']) {
    await file.write(text);
    await file.flush();
  }
  await file.close();
  const bytes = await readFile(one.at.path);
  const half = bytes.length / 2;
  const [first, other] = [bytes.subarray(0, half), bytes.subarray(half)];
  await writeFile(one.at.path, Buffer.concat([other, first]));
  await expect(textOf(one.at, 2)).rejects.toBeInstanceOf(VaultError);
  await writeFile(one.at.path, first);
  await expect(textOf(one.at, 2)).rejects.toBeInstanceOf(RangeError);
  const changed = Buffer.from(bytes);
  changed[20] = (changed[20] ?? 0) ^ 1;
  await writeFile(one.at.path, changed);
  await expect(textOf(one.at, 2)).rejects.toBeInstanceOf(VaultError);
});

test('a piece that cannot be written is told of at once, and by the next write, however little was shown', async () => {
  await using one = await place();
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  const at = {
    ...one.at,
    vault: {
      ...vault,
      seal: () => {
        throw full;
      },
    },
  };
  const file = await RecordingFile.create(at);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await file.write('a few letters');
    vi.advanceTimersByTime(1_000);
    expect(await file.failed).toBe(full);
  } finally {
    vi.useRealTimers();
  }
  await expect(file.write('x')).rejects.toBe(full);
  await expect(file.close()).rejects.toBe(full);
});

/** Two pieces, and how long the first is. */
async function twoPieces(at: RecordingPlace): Promise<number> {
  const file = await RecordingFile.create(at);
  await file.write('first ');
  await file.flush();
  const { size } = await stat(at.path);
  await file.write('second ');
  await file.close();
  return size;
}

test.each([
  ['empty', (bytes: Buffer) => bytes.fill(0)],
  ['that is not what was written', (bytes: Buffer) => bytes.fill(255, 10)],
  ['of a length that none has', (bytes: Buffer) => bytes.fill(255)],
])('what a power cut left %s is cut away, and it goes on behind what is whole', async (_what, spoil) => {
  await using one = await place();
  const first = await twoPieces(one.at);
  const bytes = await readFile(one.at.path);
  spoil(bytes.subarray(first));
  await writeFile(one.at.path, bytes);
  await appendFile(one.at.path, Buffer.alloc(4096));
  const again = await RecordingFile.reopen(one.at);
  expect(again).toMatchObject({ sizeBytes: 'first '.length, file: { pieces: 1 } });
  await again.file.write('third');
  await again.file.close();
  expect(await textOf(one.at, again.file.pieces)).toBe('first third');
});

test('one of which nothing opens is left as it is: the key may be of another installation', async () => {
  await using one = await place();
  await twoPieces(one.at);
  const before = await readFile(one.at.path);
  const other = { ...one.at, vault: vaultWith(new Uint8Array(32).fill(8)) };
  await expect(RecordingFile.reopen(other)).rejects.toBeInstanceOf(VaultError);
  expect(await readFile(one.at.path)).toEqual(before);
});

test('one whose pieces nobody counted is read as far as it is whole', async () => {
  await using one = await place();
  await twoPieces(one.at);
  await appendFile(one.at.path, Buffer.alloc(4096));
  let text = '';
  for await (const piece of soundPiecesOf(one.at)) text += piece.text.toString();
  expect(text).toBe('first second ');
});

/** What all open files have in common. */
const prototypeOf: (file: FileHandle) => FileHandle = Object.getPrototypeOf;

test('a disk that hangs is told of, though nothing more is shown, and nothing waits for it then', async () => {
  await using one = await place();
  const file = await RecordingFile.create(one.at);
  await file.write('on the disk ');
  await file.flush();
  const { bytes } = file;
  await using other = await open(one.at.path);
  const hanging = Promise.withResolvers<never>();
  const writing = vi.spyOn(prototypeOf(other), 'write').mockReturnValue(hanging.promise);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await file.write('never there');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(writing).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(longestWriteMs);
  expect(await file.failed).toBeInstanceOf(DiskStalled);
  await expect(file.write('more')).rejects.toBeInstanceOf(DiskStalled);
  await expect(file.close()).rejects.toBeInstanceOf(DiskStalled);
  expect(await textOf(one.at, file.pieces)).toBe('on the disk ');
  expect(file.bytes).toBe(bytes);
});
