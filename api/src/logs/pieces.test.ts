import { expect, test } from 'vitest';
import { lineFilter } from './filter.ts';
import { compareMoments, momentOf, type Moment } from './moment.ts';
import { Pieces, type PieceOptions } from './pieces.ts';

const stamp = (second: number) => `2026-11-22T10:00:0${second}.000000001Z`;
const at = (second: number): Moment => ({ ms: Date.parse(`2026-11-22T10:00:0${second}Z`), nanos: 1 });
const reader = (given: Partial<PieceOptions> = {}) =>
  new Pieces({ source: 0, aheadMs: 0, after: null, filter: null, ...given });
const out = (text: string, partial = false) => ({
  segments: [{ stream: 'STDOUT' as const, text, partial }],
});
const bodies = (pieces: ReturnType<Pieces['read']>) => pieces.map(({ text, from }) => text.slice(from));

test('a line knows when it was written, to the nanosecond', () => {
  const [first, second] = reader().read(out(`${stamp(1)} one\n${stamp(2)} two\n`));
  expect(first).toMatchObject({ at: stamp(1), moment: at(1), text: `${stamp(1)} one\n`, partial: false });
  expect(second?.moment).toEqual(at(2));
});

test('pieces of a long line have its time', () => {
  const lines = reader();
  const first = lines.read(out(`${stamp(1)} begin `, true));
  const rest = lines.read(out('middle ', true)).concat(lines.read(out(`end\n${stamp(2)} next\n`)));
  expect(bodies([...first, ...rest])).toEqual(['begin ', 'middle ', 'end\n', 'next\n']);
  expect(rest.map(({ moment }) => compareMoments(moment, at(1)))).toEqual([0, 0, 1000]);
  expect([...first, ...rest].map(({ partial }) => partial)).toEqual([true, true, false, false]);
});

test('a line without a time stands where the one before it stands', () => {
  const pieces = reader().read(out(`${stamp(3)} one\nno time here\n`));
  expect(bodies(pieces)).toEqual(['one\n', 'no time here\n']);
  expect(pieces[1]).toMatchObject({ at: '', moment: at(3) });
});

test('a clock that is ahead is corrected, and Docker’s own time stays', () => {
  const [piece] = reader({ aheadMs: 3_000 }).read(out(`${stamp(5)} one\n`));
  expect(piece).toMatchObject({ at: stamp(5), moment: at(2) });
});

test('what was told before a break is not told again', () => {
  const lines = reader({ after: at(2) });
  expect(bodies(lines.read(out(`${stamp(1)} one\n${stamp(2)} two\n${stamp(3)} three\n`)))).toEqual([
    'three\n',
  ]);
  expect(lines.last).toEqual(at(3));
});

test('a long line is filtered as one', () => {
  const lines = reader({ filter: lineFilter({ text: 'wanted', regex: false, matchCase: false }) });
  expect(lines.read(out(`${stamp(1)} other `, true))).toEqual([]);
  expect(
    lines.read(out(`wanted too late\n${stamp(2)} Wanted\n`)).map(({ from, text }) => text.slice(from)),
  ).toEqual(['Wanted\n']);
});

test.each(['', 'yesterday', '2026-11-22T10:00:00Z', '2026-13-22T10:00:00.000000000Z', `${stamp(1)}x`])(
  '%j is no time of Docker’s',
  (text) => expect(momentOf(text)).toBeNull(),
);
