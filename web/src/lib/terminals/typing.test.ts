import { expect, test } from 'vitest';
import { slowServer } from './testing.ts';
import { Typing } from './typing.ts';

function slowTyping() {
  const { asked: sent, ask, answer } = slowServer<string>();
  return { sent, typing: new Typing(ask), answer };
}

test('what is typed while an answer is awaited goes with the next piece', async () => {
  const { sent, typing, answer } = slowTyping();
  for (const key of 'abcd') typing.type(key);
  expect(sent).toEqual(['a']);
  await answer();
  expect(sent).toEqual(['a', 'bcd']);
  await answer();
  typing.type('e');
  expect(sent).toEqual(['a', 'bcd', 'e']);
});

test('long text goes in pieces that cut no character', async () => {
  const { sent, typing, answer } = slowTyping();
  const text = `${'a'.repeat(16 * 1024 - 1)}😀b`;
  typing.type(text);
  await answer();
  await answer();
  expect(sent.map((piece) => piece.length)).toEqual([16 * 1024 - 1, 3]);
  expect(sent.join('')).toBe(text);
});

test('what waits behind a piece that was not taken is dropped', async () => {
  const { sent, typing, answer } = slowTyping();
  typing.type('a');
  typing.type('lost');
  await answer(new Error('offline'));
  typing.type('b');
  expect(sent).toEqual(['a', 'b']);
});
