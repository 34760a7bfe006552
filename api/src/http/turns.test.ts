import { expect, test } from 'vitest';
import { TransferTurns } from './turns.ts';

test('one who has many transfers keeps nobody else from theirs', () => {
  const turns = new TransferTurns();
  const held = Array.from({ length: 8 }, () => turns.take('ann'));
  expect(() => turns.take('ann')).toThrow(expect.objectContaining({ code: 'TOO_MANY_OPERATIONS' }));
  turns.take('bob')[Symbol.dispose]();
  held[0]?.[Symbol.dispose]();
  turns.take('ann');
});
