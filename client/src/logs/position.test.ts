import { expect, test } from 'vitest';
import { LogPosition, type LogLine } from './position.ts';

const at = (seconds: number, nanoseconds = 0): string =>
  `2026-01-01T00:00:${String(seconds).padStart(2, '0')}.${String(nanoseconds).padStart(9, '0')}Z`;

const out = (text: string, partial = false) => ({ stream: 'STDOUT', text, partial }) as const;
const err = (text: string, partial = false) => ({ stream: 'STDERR', text, partial }) as const;
const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

test('lines come with their instants, and without their line feeds', () => {
  const position = new LogPosition();
  expect(position.take(out(`${at(1)} one\n${at(2)} \n${at(3)} three  x\n`))).toEqual([
    { at: at(1), stream: 'STDOUT', text: 'one', partial: false },
    { at: at(2), stream: 'STDOUT', text: '', partial: false },
    { at: at(3), stream: 'STDOUT', text: 'three  x', partial: false },
  ]);
});

test('the last line of a finished log may lack its line feed', () => {
  expect(texts(new LogPosition().take(out(`${at(1)} one\n${at(2)} two`)))).toEqual(['one', 'two']);
});

test('what Docker did not stamp is kept as it is', () => {
  expect(new LogPosition().take(out('no stamp at all\n'))).toEqual([
    { at: '', stream: 'STDOUT', text: 'no stamp at all', partial: false },
  ]);
});

test('a long line comes in pieces, of which the first is stamped', () => {
  const position = new LogPosition();
  expect(position.take(out(`${at(1)} abc`, true))).toEqual([
    { at: at(1), stream: 'STDOUT', text: 'abc', partial: true },
  ]);
  expect(position.take(out('def', true))).toEqual([
    { at: at(1), stream: 'STDOUT', text: 'def', partial: true },
  ]);
  expect(position.take(out(`gh\n${at(2)} next\n`))).toEqual([
    { at: at(1), stream: 'STDOUT', text: 'gh', partial: false },
    { at: at(2), stream: 'STDOUT', text: 'next', partial: false },
  ]);
});

test('nothing was read: nothing says where to go on', () => {
  expect(new LogPosition().since).toBeUndefined();
});

test('after a break it begins a second before the newest line, and leaves out what was read', () => {
  const position = new LogPosition();
  position.take(out(`${at(10)} a\n${at(11, 5)} b\n`));
  expect(position.since).toBe('2026-01-01T00:00:10.000Z');
  position.rewind();
  expect(texts(position.take(out(`${at(10)} a\n${at(11, 5)} b\n${at(11, 6)} c\n`)))).toEqual(['c']);
  expect(texts(position.take(out(`${at(12)} d\n`)))).toEqual(['d']);
});

test('lines of one instant are counted: none is lost, none comes twice', () => {
  const position = new LogPosition();
  position.take(out(`${at(10)} a\n${at(10)} b\n`));
  position.rewind();
  expect(texts(position.take(out(`${at(10)} a\n${at(10)} b\n${at(10)} c\n${at(11)} d\n`)))).toEqual([
    'c',
    'd',
  ]);
  position.rewind();
  expect(texts(position.take(out(`${at(10)} a\n${at(10)} b\n${at(10)} c\n${at(11)} d\n`)))).toEqual([]);
});

test('each stream has a place of its own, as their stamps may stand in either order', () => {
  const position = new LogPosition();
  position.take(out(`${at(10)} out 1\n`));
  position.take(err(`${at(9)} err 1\n`));
  position.rewind();
  const again = [
    ...position.take(out(`${at(10)} out 1\n`)),
    ...position.take(err(`${at(9)} err 1\n${at(9, 1)} err 2\n`)),
    ...position.take(out(`${at(12)} out 2\n`)),
  ];
  expect(texts(again)).toEqual(['err 2', 'out 2']);
});

test('a stream that was silent before the break does not bring what `tail` had cut off', () => {
  const position = new LogPosition();
  position.take(out(`${at(10)} the last line\n`));
  position.rewind();
  expect(texts(position.take(err(`${at(9, 500)} before it\n${at(11)} after it\n`)))).toEqual(['after it']);
});

test('a line that was broken off goes on where it was', () => {
  const position = new LogPosition();
  const text = 'x'.repeat(10) + 'y'.repeat(10) + 'z';
  position.take(out(`${at(1)} ${text.slice(0, 6)}`, true));
  position.take(out(text.slice(6, 12), true));
  position.rewind();
  const again = [
    ...position.take(out(`${at(1)} ${text.slice(0, 8)}`, true)),
    ...position.take(out(text.slice(8, 15), true)),
    ...position.take(out(`${text.slice(15)}\n${at(2)} next\n`)),
  ];
  expect(again).toEqual([
    { at: at(1), stream: 'STDOUT', text: text.slice(12, 15), partial: true },
    { at: at(1), stream: 'STDOUT', text: text.slice(15), partial: false },
    { at: at(2), stream: 'STDOUT', text: 'next', partial: false },
  ]);
});

test('a long line that was read to its end is left out piece by piece', () => {
  const position = new LogPosition();
  position.take(out(`${at(1)} abc`, true));
  position.take(out('def\n'));
  position.rewind();
  expect(position.take(out(`${at(1)} ab`, true))).toEqual([]);
  expect(texts(position.take(out(`cdef\n${at(2)} next\n`)))).toEqual(['next']);
});

test('from now on: what is there is not wanted, what comes is', () => {
  const position = new LogPosition();
  position.startAfter(at(10));
  position.rewind();
  expect(texts(position.take(out(`${at(9)} old\n${at(10)} last\n${at(10, 1)} new\n`)))).toEqual(['new']);
  expect(texts(position.take(err(`${at(10)} last\n${at(11)} new\n`)))).toEqual(['new']);
});
