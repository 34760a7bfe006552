import { afterAll, describe, expect, test } from 'vitest';
import { Expressions } from './expressions.ts';
import { lineFilter } from './filter.ts';

const expressions = new Expressions();
afterAll(() => expressions[Symbol.asyncDispose]());

const filterOf = (text: string, given: { regex?: boolean; matchCase?: boolean } = {}, holder = 'ann') =>
  lineFilter({ text, regex: false, matchCase: false, ...given }, expressions, { holder });
const finds = async (text: string, line: string, given?: { regex?: boolean; matchCase?: boolean }) =>
  (await (await filterOf(text, given))?.([line]))?.[0];

describe('what is looked for', () => {
  test('means itself, in capital or small letters', async () => {
    expect(await finds('a.b(', 'xx A.B( yy')).toBe(true);
    expect(await finds('a.b', 'aXb')).toBe(false);
    expect(await finds('error', 'ERROR', { matchCase: true })).toBe(false);
  });

  test('may be an expression', async () => {
    expect(await finds(String.raw`took \d{3,}ms$`, 'took 120ms\n', { regex: true })).toBe(true);
    expect(await finds('^tick', 'TICK', { regex: true })).toBe(true);
    expect(await finds('^tick', 'TICK', { regex: true, matchCase: true })).toBe(false);
  });

  test('is found through colours', async () => {
    expect(await finds('fatal', 'fa\x1b[31mtal')).toBe(true);
    expect(await finds('f.tal', 'fa\x1b[31mtal', { regex: true })).toBe(true);
  });

  test('is nothing at first', async () => {
    expect(await filterOf('', { regex: true })).toBeNull();
  });

  test('is refused in words where it is no expression, or too large a one', async () => {
    for (const text of ['(', '(?:x{1,900}y{1,900}){3}']) {
      await expect(filterOf(text, { regex: true })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('cannot be used'),
      });
    }
  });
});

/** The engine has as many states to follow as it has instructions, for each character. */
const dear = String.raw`a[ab]{400}c`;
const lineOf = (length: number): string =>
  Array.from({ length }, (_, at) => ((at * at) % 7 < 3 ? 'a' : 'b')).join('');

test('an expression that takes long keeps the process from nothing else', async () => {
  const filter = await filterOf(dear, { regex: true });
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const lines = Array.from({ length: 40 }, () => lineOf(2_000));
  expect(await filter?.(lines)).toEqual(lines.map(() => false));
  over = true;
  // Looked at here, it would have been one turn, however long.
  expect(turns).toBeGreaterThan(10);
});

test('one who looks for much takes turns with others', async () => {
  const much = await filterOf(dear, { regex: true });
  const little = await filterOf('b', { regex: true }, 'bob');
  const order: string[] = [];
  const lines = Array.from({ length: 100 }, () => lineOf(2_000));
  await Promise.all([
    ...['first', 'second', 'third'].map((name) => much?.(lines).then(() => order.push(name))),
    little?.(['b']).then(() => order.push('little')),
  ]);
  expect(order[0]).toBe('little');
});

test('of what nobody waits for any more, nothing is looked at', async () => {
  const reader = new AbortController();
  const filter = await lineFilter({ text: 'a', regex: true, matchCase: false }, expressions, {
    holder: 'ann',
    signal: reader.signal,
  });
  reader.abort();
  expect(await filter?.(['a'])).toEqual([]);
});
