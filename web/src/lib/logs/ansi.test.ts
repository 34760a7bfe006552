import { describe, expect, test } from 'vitest';
import { parseAnsi, parseLines, plain } from './ansi.ts';

describe('colours', () => {
  test('plain text is one span', () => expect(parseAnsi('hello')).toEqual([{ text: 'hello' }]));

  test('an empty line has none', () => expect(parseAnsi('')).toEqual([]));

  test('set and reset', () => {
    expect(parseAnsi('\x1b[31mred\x1b[0m plain \x1b[1;92mbright\x1b[22m')).toEqual([
      { text: 'red', fg: 1 },
      { text: ' plain ' },
      { text: 'bright', fg: 10, bold: true },
    ]);
  });

  test('an empty sequence resets', () => {
    expect(parseAnsi('\x1b[4mu\x1b[mn')).toEqual([{ text: 'u', underline: true }, { text: 'n' }]);
  });

  test('256 colours and true colour, for text and ground', () => {
    expect(parseAnsi('\x1b[38;5;9ma\x1b[48;5;196mb\x1b[38;2;1;2;3mc\x1b[38;5;244md')).toEqual([
      { text: 'a', fg: 9 },
      { text: 'b', fg: 9, bg: 'rgb(255 0 0)' },
      { text: 'c', fg: 'rgb(1 2 3)', bg: 'rgb(255 0 0)' },
      { text: 'd', fg: 'rgb(128 128 128)', bg: 'rgb(255 0 0)' },
    ]);
  });

  test('colours out of range are ignored', () => {
    expect(parseAnsi('\x1b[38;5;999ma\x1b[38;2;300;0;0mb\x1b[38mc')).toEqual([
      { text: 'a' },
      { text: 'b' },
      { text: 'c' },
    ]);
  });
});

describe('hostile bytes', () => {
  test.each([
    ['cursor movement and erasing', '\x1b[2J\x1b[1;1Hx\x1b[K', 'x'],
    ['a title, ended by BEL', '\x1b]0;owned\x07x', 'x'],
    ['a link, ended by ST', '\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\', 'x'],
    ['a string that never ends', 'a\x1b]0;no end', 'a'],
    ['a device control string', '\x1bP1$r\x1b\\x', 'x'],
    ['a sequence that never ends', 'a\x1b[31', 'a31'],
    ['lone escapes and other controls', '\x1b\x00a\x07\x08b\x7f', 'ab'],
    ['the 8-bit CSI', '\x9b31mx', 'x'],
    ['marks that turn the direction of text', 'a\u202eb\u2066c', 'abc'],
    ['a progress bar', '10%\r50%\r100%', '100%'],
    ['a carriage return at the end', 'done\r', 'done'],
  ])('%s', (_, text, shown) => {
    const whole = parseAnsi(text)
      .map((span) => span.text)
      .join('');
    expect([whole, plain(text)]).toEqual([shown, shown]);
    // oxlint-disable-next-line no-control-regex
    expect(whole).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
  });

  test('markup stays text', () => {
    expect(parseAnsi('<img src=x onerror=alert(1)>')).toEqual([{ text: '<img src=x onerror=alert(1)>' }]);
  });

  test('a long line of half sequences is read in linear time', () => {
    const started = performance.now();
    parseAnsi('\x1b[1;'.repeat(200_000));
    parseAnsi(`${'\x1b]'.repeat(200_000)}x`);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test('line ends stay where a text has several lines, and nowhere else', () => {
  expect(parseLines('a\n\x1b[31mb')).toEqual([{ text: 'a' }, { text: '\n' }, { text: 'b', fg: 1 }]);
  expect(parseLines('a')).toEqual([{ text: 'a' }]);
});
