import { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { exportEvents, type ExportOptions } from './export.ts';

const row = {
  at: new Date(0),
  actorKind: 'system',
  actorId: null,
  actorLabel: 'test',
  address: null,
  action: 'a.b',
  targetKind: null,
  targetId: null,
  targetName: null,
  serverId: null,
  outcome: 'ok',
  code: null,
  parameters: {},
  count: 1,
  durationMs: null,
  exitCode: null,
  mark: null,
};

/** A record without an end. */
function endless(servers: ExportOptions['servers'] = () => Promise.resolve(undefined)) {
  const query = vi.fn<() => Promise<unknown>>(() =>
    Promise.resolve({ rows: Array.from({ length: 1_000 }, () => ({ ...row, id: '1' })) }),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the driver's overloads have no honest double
  const pool = { query } as unknown as ExportOptions['pool'];
  return { query, text: exportEvents({ pool, format: 'NDJSON', filter: { to: new Date() }, servers }) };
}

test('an export is read no faster than it is taken', async () => {
  const { query, text } = endless();
  const stuck = new Writable({ write: () => {} });
  const source = Readable.from(text, { objectMode: false });
  source.pipe(stuck);
  for (let turn = 0; turn < 100; turn++) await setImmediate();
  expect(query.mock.calls.length).toBeLessThan(4);
  source.destroy();
});

test('an export ends with the right to read it', async () => {
  let batches = 0;
  const { text } = endless(() => {
    batches += 1;
    return batches < 3 ? Promise.resolve(undefined) : Promise.reject(new Error('no longer'));
  });
  const all = async (): Promise<void> => {
    for await (const part of text) expect(part).toContain('a.b');
  };
  await expect(all()).rejects.toThrow('no longer');
  expect(batches).toBe(3);
});
