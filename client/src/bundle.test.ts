import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What a bundler makes of a program that imports this package, for a browser. */
async function bundled(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

const kilobytes = (text: string): number => gzipSync(text).length / 1024;

test('a program that asks one question brings that question, and no other', async () => {
  const bundle = await bundled(`
    import { createClient, ServerTagsDocument } from './browser.ts';
    console.log(await createClient({ url: location.origin }).request(ServerTagsDocument));
  `);
  expect(bundle).toContain('query ServerTags');
  expect(bundle.match(/\b(query|mutation|subscription|fragment) [A-Z]\w+/g)).toEqual(['query ServerTags']);
  expect(kilobytes(bundle)).toBeLessThan(9);
});

test('errors alone bring nothing of the connection', async () => {
  const bundle = await bundled(`
    import { ServerKitApiError } from './browser.ts';
    console.log(ServerKitApiError);
  `);
  expect(bundle).not.toContain('WebSocket');
  expect(kilobytes(bundle)).toBeLessThan(1);
});

test('nothing is done by importing it', async () => {
  expect(await bundled(`import './browser.ts';`)).toBe('');
});

test('nothing of Node is in it', async () => {
  const bundle = await bundled(`
    import * as everything from './browser.ts';
    console.log(everything);
  `);
  expect(bundle).not.toMatch(/from"node:|require\("|process\./);
  // With the text of every operation, which nobody needs: what is not named is left out, as above.
  expect(kilobytes(bundle)).toBeLessThan(24);
});
