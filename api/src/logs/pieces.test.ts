import { expect, test } from 'vitest';
import { compareMoments, momentOf, type Moment } from './moment.ts';
import { Pieces, type Piece, type PieceOptions } from './pieces.ts';

const stamp = (second: number) => `2026-11-22T10:00:0${second}.000000001Z`;
const at = (second: number): Moment => ({ ms: Date.parse(`2026-11-22T10:00:0${second}Z`), nanos: 1 });
const reader = (given: Partial<PieceOptions> = {}) =>
  new Pieces({ source: 0, aheadMs: 0, after: null, filter: null, ...given });
const out = (text: string, partial = false) => ({
  segments: [{ stream: 'STDOUT' as const, text, partial }],
});
const read = (lines: Pieces, text: string, partial = false) => lines.read(out(text, partial));
const bodies = (pieces: readonly Piece[]) => pieces.map(({ text, from }) => text.slice(from));
const told = (last: Moment, newest = last) => ({ at: last, newest });

test('a line knows when it was written, to the nanosecond', async () => {
  const [first, second] = await read(reader(), `${stamp(1)} one\n${stamp(2)} two\n`);
  expect(first).toMatchObject({ at: stamp(1), moment: at(1), text: `${stamp(1)} one\n`, partial: false });
  expect(second?.moment).toEqual(at(2));
});

test('pieces of a long line have its time', async () => {
  const lines = reader();
  const first = await read(lines, `${stamp(1)} begin `, true);
  const rest = (await read(lines, 'middle ', true)).concat(await read(lines, `end\n${stamp(2)} next\n`));
  expect(bodies([...first, ...rest])).toEqual(['begin ', 'middle ', 'end\n', 'next\n']);
  expect(rest.map(({ moment }) => compareMoments(moment, at(1)))).toEqual([0, 0, 1000]);
  expect([...first, ...rest].map(({ partial }) => partial)).toEqual([true, true, false, false]);
});

test('a line without a time stands where the one before it stands', async () => {
  const pieces = await read(reader(), `${stamp(3)} one\nno time here\n`);
  expect(bodies(pieces)).toEqual(['one\n', 'no time here\n']);
  expect(pieces[1]).toMatchObject({ at: '', moment: at(3) });
});

test('a clock that is ahead is corrected, and Docker’s own time stays', async () => {
  const [piece] = await read(reader({ aheadMs: 3_000 }), `${stamp(5)} one\n`);
  expect(piece).toMatchObject({ at: stamp(5), moment: at(2) });
});

test('what was told before a break is not told again', async () => {
  const lines = reader({ after: told(at(2)) });
  const all = `${stamp(1)} one\n${stamp(2)} two\n${stamp(3)} three\n`;
  expect(bodies(await read(lines, all))).toEqual(['three\n']);
  expect(lines.mark).toEqual(told(at(3)));
});

test('what follows a clock that was set back is told, though a break was in between', async () => {
  const before = reader();
  await read(before, `${stamp(4)} one\n${stamp(9)} two\n${stamp(3)} set back\n${stamp(5)} last\n`);
  expect(before.mark).toEqual(told(at(5), at(9)));
  const after = reader({ after: before.mark });
  // As Docker has it since the last line: what was written between by the clock as it was, and then what is new.
  const again = `${stamp(9)} two\n${stamp(5)} last\n${stamp(6)} new\n${stamp(7)} newer\n`;
  expect(bodies(await read(after, again))).toEqual(['new\n', 'newer\n']);
  expect(after.mark).toEqual(told(at(7), at(9)));
});

test('a clock that is set back once the log goes on hides nothing', async () => {
  const lines = reader({ after: told(at(5)) });
  const all = `${stamp(5)} last\n${stamp(6)} new\n${stamp(2)} set back\n${stamp(3)} newer\n`;
  expect(bodies(await read(lines, all))).toEqual(['new\n', 'set back\n', 'newer\n']);
});

test('a long line is filtered as one', async () => {
  const lines = reader({ filter: (texts) => Promise.resolve(texts.map((text) => /^wanted/i.test(text))) });
  expect(await read(lines, `${stamp(1)} other `, true)).toEqual([]);
  expect(bodies(await read(lines, `wanted too late\n${stamp(2)} Wanted\n`))).toEqual(['Wanted\n']);
});

test.each(['', 'yesterday', '2026-11-22T10:00:00Z', '2026-13-22T10:00:00.000000000Z', `${stamp(1)}x`])(
  '%j is no time of Docker’s',
  (text) => expect(momentOf(text)).toBeNull(),
);
