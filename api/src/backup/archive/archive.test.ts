import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir, type TempDir } from '../../../../testing/tmp.ts';
import { openArchive, writeArchive } from './archive.ts';
import { chunkBytes } from './chunks.ts';
import type { Section } from './sections.ts';

const passphrase = 'a passphrase that nobody guesses';
const about = { product: '0.1.0', migration: '20261122000000_init', createdAt: '2026-11-22T12:00:00.000Z' };

type Parts = readonly (readonly [about: unknown, ...body: Buffer[]])[];

async function* sectionsOf(parts: Parts): AsyncGenerator<Section> {
  for (const [one, ...body] of parts) yield { about: one, body: await Promise.resolve(body) };
}

async function everything(path: string, secret = passphrase): Promise<[unknown, Buffer][]> {
  await using archive = await openArchive(path, secret);
  const found: [unknown, Buffer][] = [];
  for await (const section of archive.sections()) {
    const parts: Buffer[] = [];
    for await (const part of section.body) parts.push(part);
    found.push([section.about, Buffer.concat(parts)]);
  }
  return found;
}

/** The default takes a moment, which is what it is for. */
const costs = { memoryKiB: 8_192, passes: 1, lanes: 1 };

/** Noise, which no compression makes smaller: the chunks are as many as they seem. */
const noise = randomBytes(chunkBytes * 3);
const parts: Parts = [
  [{ kind: 'file', path: 'keys/vault.key' }, Buffer.from('secret')],
  [{ kind: 'table', name: 'metrics' }, noise.subarray(0, 70_000), noise.subarray(70_000)],
  [{ kind: 'empty' }],
];

describe('an archive', () => {
  let dir: TempDir;
  let path: string;
  let bytes: Buffer;
  let bodyStart: number;
  let files = 0;
  beforeAll(async () => {
    dir = await tempDir();
    path = dir.file('whole');
    await writeArchive(path, passphrase, { about, costs, sections: sectionsOf(parts) });
    bytes = readFileSync(path);
    bodyStart = bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 1 + 32;
  });
  afterAll(() => dir[Symbol.asyncDispose]());

  /** What reading these bytes to the end says. */
  async function refusal(changed: Uint8Array, secret?: string): Promise<string> {
    const name = dir.file(`changed-${(files += 1)}`);
    writeFileSync(name, changed);
    return everything(name, secret).then(
      () => 'nothing',
      (error: unknown) => String(error).replace(/changed-\d+/, 'FILE'),
    );
  }

  it('gives back what was put into it', async () => {
    expect(await everything(path)).toEqual(parts.map(([one, ...body]) => [one, Buffer.concat(body)]));
  });

  it('says in plain text what it is, and nothing that is secret', () => {
    const [first, second] = bytes.toString('latin1').split('\n');
    expect(first).toBe('serverkit-archive 1');
    expect(JSON.parse(second ?? '')).toEqual({
      ...about,
      kdf: { algorithm: 'argon2id', salt: expect.any(String), ...costs },
    });
    expect(bytes.includes('vault')).toBe(false);
  });

  it('is for its owner alone', () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is never the same twice', async () => {
    const other = dir.file('other');
    await writeArchive(other, passphrase, { about, costs, sections: sectionsOf(parts) });
    expect(readFileSync(other).subarray(bodyStart).equals(bytes.subarray(bodyStart))).toBe(false);
  });

  it('may be left in the middle of a section', async () => {
    await using archive = await openArchive(path, passphrase);
    const seen: unknown[] = [];
    for await (const section of archive.sections()) {
      seen.push(section.about);
      for await (const part of section.body) {
        expect(part.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(seen).toEqual(parts.map(([one]) => one));
  });

  it('leaves alone what has its name already', async () => {
    await expect(writeArchive(path, passphrase, { about, costs, sections: sectionsOf([]) })).rejects.toThrow(
      `${path} exists already; choose another name.`,
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('leaves nothing behind when what it is made from fails', async () => {
    const before = readdirSync(dir.path);
    async function* failing(): AsyncGenerator<Section> {
      yield* sectionsOf(parts);
      throw new Error('the database went away');
    }
    const writing = writeArchive(dir.file('half'), passphrase, { about, costs, sections: failing() });
    await expect(writing).rejects.toThrow('the database went away');
    expect(readdirSync(dir.path)).toEqual(before);
  });

  it('says where it cannot be written', async () => {
    const nowhere = dir.file('no', 'such', 'folder');
    await expect(
      writeArchive(nowhere, passphrase, { about, costs, sections: sectionsOf([]) }),
    ).rejects.toThrow(`${nowhere} cannot be written (ENOENT).`);
  });

  describe('is refused', () => {
    it('with another passphrase', async () => {
      expect(await refusal(bytes, 'a passphrase that somebody guessed')).toBe(
        'ArchiveError: The passphrase does not open FILE, or its beginning was changed.',
      );
    });

    it('in a format of the future, whatever that looks like', async () => {
      expect(await refusal(Buffer.from('serverkit-archive 2\nwho knows'))).toBe(
        'ArchiveError: FILE was made by a newer release of ServerKit (archive format 2, this one reads 1); restore it with that release.',
      );
    });

    it('when it is something else', async () => {
      expect(await refusal(Buffer.from('PK\u0003\u0004'))).toBe(
        'ArchiveError: FILE is not an archive of ServerKit.',
      );
      expect(await refusal(Buffer.alloc(0))).toBe('ArchiveError: FILE is not an archive of ServerKit.');
    });

    it('when opening it would take the memory of the machine', async () => {
      const header = bytes.toString('latin1', 0, bodyStart - 32).replace('8192', '999999999');
      expect(await refusal(Buffer.from(header))).toBe(
        'DamagedError: The archive is damaged: its beginning cannot be read; use another one.',
      );
    });

    it('with any part of it changed', async () => {
      const chunk = chunkBytes + 16;
      const places = {
        createdAt: bytes.indexOf('2026-11-22T12'),
        salt: bytes.indexOf('"salt":"') + 10,
        check: bodyStart - 5,
        'first byte of the body': bodyStart,
        'tag of the first chunk': bodyStart + chunk - 1,
        'middle of a chunk': bodyStart + chunk + 1_000,
        'last byte': bytes.length - 1,
      };
      const refusals: string[] = [];
      for (const [place, at] of Object.entries(places)) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        refusals.push(`${place}: ${await refusal(changed)}`);
      }
      expect(refusals.filter((told) => !/is damaged: |does not open/.test(told))).toEqual([]);
    });

    it('cut off anywhere, and longer by a byte', async () => {
      const chunk = chunkBytes + 16;
      const ends = [
        10,
        bodyStart - 40,
        bodyStart - 1,
        bodyStart,
        bodyStart + 1,
        bodyStart + chunk,
        bodyStart + 2 * chunk,
      ];
      const refusals: string[] = [];
      for (const end of [...ends, bytes.length - 1]) {
        refusals.push(`${end} bytes: ${await refusal(bytes.subarray(0, end))}`);
      }
      const right = /is damaged: |does not open|is not an archive/;
      expect(refusals.filter((told) => !right.test(told))).toEqual([]);
      expect(await refusal(Buffer.concat([bytes, Buffer.of(0)]))).toMatch(
        /is damaged: it was changed, or is cut off/,
      );
    });

    it('with its chunks in another order, one twice, or one left out', async () => {
      const chunk = chunkBytes + 16;
      const [head, first, second, rest] = [
        bytes.subarray(0, bodyStart),
        bytes.subarray(bodyStart, bodyStart + chunk),
        bytes.subarray(bodyStart + chunk, bodyStart + 2 * chunk),
        bytes.subarray(bodyStart + 2 * chunk),
      ];
      for (const order of [
        [second, first, rest],
        [first, first, second, rest],
        [first, rest],
        [second, rest],
      ]) {
        expect(await refusal(Buffer.concat([head, ...order]))).toMatch(/is damaged: it was changed/);
      }
    });

    it('with the body of another archive of the same passphrase', async () => {
      const other = readFileSync(dir.file('other'));
      expect(await refusal(Buffer.concat([bytes.subarray(0, bodyStart), other.subarray(bodyStart)]))).toMatch(
        /is damaged: it was changed/,
      );
    });
  });

  it.each([0, 1, chunkBytes - 20, chunkBytes, chunkBytes * 2])('holds a body of %i bytes', async (length) => {
    const name = dir.file(`body-${length}`);
    const body = randomBytes(length);
    await writeArchive(name, passphrase, { about, costs, sections: sectionsOf([['x', body]]) });
    expect(await everything(name)).toEqual([['x', body]]);
  });
});
