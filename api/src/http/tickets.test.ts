import { expect, test } from 'vitest';
import { Tickets, ticketMs } from './tickets.ts';

test('a ticket stands for its purpose once', () => {
  const tickets = new Tickets<string>();
  const { secret } = tickets.issue('a file');
  expect(tickets.take(`${secret}x`)).toBeUndefined();
  expect(tickets.take(secret)).toBe('a file');
  expect(tickets.take(secret)).toBeUndefined();
});

test('a ticket that waited too long stands for nothing', () => {
  let now = 1_000_000;
  const tickets = new Tickets<string>(() => now);
  const [used, late] = [tickets.issue('a'), tickets.issue('b')];
  now += ticketMs - 1;
  expect(tickets.take(used.secret)).toBe('a');
  now += 1;
  expect(late.expiresAt.getTime()).toBe(now);
  expect(tickets.take(late.secret)).toBeUndefined();
});

test('so many wait and no more, until the first are too old', () => {
  let now = 0;
  const tickets = new Tickets<number>(() => now);
  for (let i = 0; i < 1_000; i++) tickets.issue(i);
  expect(() => tickets.issue(0)).toThrow(expect.objectContaining({ code: 'TOO_MANY_OPERATIONS' }));
  now = ticketMs;
  expect(tickets.take(tickets.issue(7).secret)).toBe(7);
});
