import { expect, test } from 'vitest';
import { Typing } from './typing.ts';

/** A server that answers when it is told to. */
function slowServer() {
  const sent: string[] = [];
  let answers: PromiseWithResolvers<void>[] = [];
  const typing = new Typing((text) => {
    sent.push(text);
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    return answer.promise;
  });
  return {
    sent,
    typing,
    answer: async (error?: Error) => {
      const [first, ...rest] = answers;
      answers = rest;
      if (error) first?.reject(error);
      else first?.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('what is typed while an answer is awaited goes with the next piece', async () => {
  const { sent, typing, answer } = slowServer();
  for (const key of 'abcd') typing.type(key);
  expect(sent).toEqual(['a']);
  await answer();
  expect(sent).toEqual(['a', 'bcd']);
  await answer();
  typing.type('e');
  expect(sent).toEqual(['a', 'bcd', 'e']);
});

test('long text goes in pieces that cut no character', async () => {
  const { sent, typing, answer } = slowServer();
  const text = `${'a'.repeat(16 * 1024 - 1)}😀b`;
  typing.type(text);
  await answer();
  await answer();
  expect(sent.map((piece) => piece.length)).toEqual([16 * 1024 - 1, 3]);
  expect(sent.join('')).toBe(text);
});

test('what waits behind a piece that was not taken is dropped', async () => {
  const { sent, typing, answer } = slowServer();
  typing.type('a');
  typing.type('lost');
  await answer(new Error('offline'));
  typing.type('b');
  expect(sent).toEqual(['a', 'b']);
});
