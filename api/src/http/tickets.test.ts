import { expect, test } from 'vitest';
import { Tickets, ticketMs } from './tickets.ts';

test('a ticket stands for its purpose once', () => {
  const tickets = new Tickets<string>();
  const { secret } = tickets.issue('ann', 'a file');
  expect(tickets.take(`${secret}x`)).toBeUndefined();
  expect(tickets.take(secret)).toBe('a file');
  expect(tickets.take(secret)).toBeUndefined();
});

test('a ticket that waited too long stands for nothing', () => {
  let now = 1_000_000;
  const tickets = new Tickets<string>(() => now);
  const [used, late] = [tickets.issue('ann', 'a'), tickets.issue('ann', 'b')];
  now += ticketMs - 1;
  expect(tickets.take(used.secret)).toBe('a');
  now += 1;
  expect(late.expiresAt.getTime()).toBe(now);
  expect(tickets.take(late.secret)).toBeUndefined();
});

test('so many of one wait and no more, until the first are too old; and nobody else is kept from theirs', () => {
  let now = 0;
  const tickets = new Tickets<number>(() => now);
  for (let i = 0; i < 100; i++) tickets.issue('ann', i);
  expect(() => tickets.issue('ann', 0)).toThrow(expect.objectContaining({ code: 'TOO_MANY_OPERATIONS' }));
  expect(tickets.take(tickets.issue('bob', 7).secret)).toBe(7);
  now = ticketMs;
  expect(tickets.take(tickets.issue('ann', 8).secret)).toBe(8);
});
