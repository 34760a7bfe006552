import { expect, test } from 'vitest';
import { openScreen, type Screen } from './screen.ts';

const size = { columns: 80, rows: 24 };
const write = (screen: Screen, text: string) => screen.write(text, () => undefined);

/** What is written where; colours are written in more than one way. */
const plain = (screen: Screen) =>
  screen
    .snapshot()
    .split('\u001b')
    .map((part) => part.replace(/^\[[\d;]*m/, ''))
    .join('\u001b');

/** A terminal of somebody who begins to look now. */
async function seenLater(screen: Screen): Promise<Screen> {
  const other = await openScreen(size, () => undefined);
  await write(other, screen.snapshot());
  return other;
}

test.each([
  ['text and its colours', 'one\r\n\u001b[31mred\u001b[0m\r\n'],
  ['a program that fills the screen', 'shell\u001b[?1049h\u001b[2J\u001b[10;5Hmenu\u001b[7mchosen'],
  ['a cursor somewhere', '\u001b[5;10H'],
])('a snapshot shows %s', async (_what, text) => {
  const screen = await openScreen(size, () => undefined);
  await write(screen, text);
  expect(plain(await seenLater(screen))).toBe(plain(screen));
});

test('what a program asks is answered, and not asked again of who comes later', async () => {
  const answers: string[] = [];
  const screen = await openScreen(size, (text) => answers.push(text));
  await write(screen, '\u001b[3;4H\u001b[6n\u001b[c');
  expect(answers).toEqual(['\u001b[3;4R', expect.stringContaining('\u001b[?')]);
  expect(screen.snapshot()).not.toContain('\u001b[6n');
});

test('a snapshot is bounded, however colourful the screen', async () => {
  const screen = await openScreen({ columns: 500, rows: 200 }, () => undefined);
  const cell = (n: number) => `\u001b[38;2;${n % 256};${(n * 7) % 256};9m${n % 10}`;
  for (let row = 0; row < 400; row++) {
    await write(screen, `${Array.from({ length: 100 }, (_, n) => cell(row * n)).join('')}\r\n`);
  }
  expect(screen.snapshot().length).toBeLessThanOrEqual(1024 * 1024);
});
