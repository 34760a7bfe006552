import { expect, test } from 'vitest';
import { ServerKitError } from '../errors.ts';
import { formatted, type LogFormat, type NamedSource } from './format.ts';
import type { MergedPart } from './merged.ts';
import type { Piece } from './pieces.ts';

const at = '2026-11-22T10:00:00.000000001Z';
const source = (name: string, server = 'one'): NamedSource => ({
  serverId: `srv_${server}`,
  server,
  containerId: `id-${name}`,
  name,
  aheadMs: 0,
});
const piece = (index: number, text: string, given: Partial<Piece> = {}): Piece => ({
  source: index,
  stream: 'STDOUT',
  text: `${at} ${text}`,
  from: 31,
  partial: false,
  at,
  moment: { ms: 0, nanos: 0 },
  ...given,
});

async function written(parts: Partial<MergedPart>[], sources: NamedSource[], format: LogFormat = 'TEXT') {
  async function* all() {
    for (const part of parts) yield await Promise.resolve({ pieces: [], reports: [], ...part });
  }
  const buffers: Buffer[] = [];
  for await (const buffer of formatted(all(), sources, format)) buffers.push(buffer);
  return Buffer.concat(buffers).toString();
}

test('one log is what the docker command prints', async () => {
  expect(await written([{ pieces: [piece(0, 'hello\n')] }], [source('web')])).toBe(`${at} hello\n`);
});

test('of several, each line names its container, and its server where there are several', async () => {
  const pieces = [piece(0, 'a\n'), piece(1, 'b\n')];
  expect(await written([{ pieces }], [source('web'), source('db')])).toBe(`${at} web a\n${at} db b\n`);
  expect(await written([{ pieces }], [source('web'), source('web', 'two')])).toBe(
    `${at} web@one a\n${at} web@two b\n`,
  );
});

test('a long line that another one breaks into goes on in a line of its own', async () => {
  const pieces = [
    piece(0, 'begin', { partial: true }),
    piece(1, 'b\n'),
    piece(0, '', { text: ' end\n', from: 0 }),
  ];
  expect(await written([{ pieces }], [source('web'), source('db')])).toBe(
    `${at} web begin\n${at} db b\n${at} web  end\n`,
  );
});

test('as JSON, each line is an object', async () => {
  const text = await written([{ pieces: [piece(0, '{"a":1}\n')] }], [source('web')], 'NDJSON');
  expect(JSON.parse(text)).toEqual({
    at,
    serverId: 'srv_one',
    server: 'one',
    containerId: 'id-web',
    container: 'web',
    stream: 'STDOUT',
    text: '{"a":1}',
  });
});

const failed = {
  source: 1,
  state: 'FAILED',
  error: new ServerKitError('NOT_FOUND', 'There is none.'),
} as const;

test('one of several that cannot be read is named in the file, and the others are in it', async () => {
  const parts = [{ reports: [failed] }, { pieces: [piece(0, 'a\n')] }];
  const sources = [source('web'), source('db')];
  expect(await written(parts, sources)).toBe(`# db There is none.\n${at} web a\n`);
  const [line = ''] = (await written(parts, sources, 'NDJSON')).split('\n');
  expect(JSON.parse(line)).toMatchObject({ container: 'db', error: { code: 'NOT_FOUND' } });
});

test('when none can be read there is no file', async () => {
  await expect(written([{ reports: [{ ...failed, source: 0 }] }], [source('web')])).rejects.toThrow(
    'There is none.',
  );
});
