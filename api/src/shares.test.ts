import { expect, test } from 'vitest';
import { Shares } from './shares.ts';

const refusal = 'Wait for one to end.';
const tooMany = expect.objectContaining({ code: 'TOO_MANY_OPERATIONS', message: refusal });

test('one who has many keeps nobody else from theirs', () => {
  const shares = new Shares({ each: 8, all: 12, refusal });
  const held = Array.from({ length: 8 }, () => shares.take('ann'));
  expect(() => shares.take('ann')).toThrow(tooMany);
  shares.take('bob')[Symbol.dispose]();
  held[0]?.[Symbol.dispose]();
  // Given back once, however often it is said.
  held[0]?.[Symbol.dispose]();
  shares.take('ann');
  expect(() => shares.take('ann')).toThrow(tooMany);
});

test('there is a limit for all of them together', () => {
  const shares = new Shares({ each: 2, all: 3, refusal });
  shares.take('ann', 2);
  expect(() => shares.take('bob', 2)).toThrow(tooMany);
  shares.take('bob');
});
