import { expect, test } from 'vitest';
import { isFiltered, toFilter, unfiltered } from './audit-state.ts';

const now = Date.parse('2026-11-22T12:00:00Z');

test('what is not chosen is not asked for', () => {
  expect(toFilter(unfiltered, now)).toEqual({});
  expect(isFiltered(unfiltered)).toBe(false);
});

test('each choice becomes a part of the filter', () => {
  const chosen = {
    ...unfiltered,
    action: 'container',
    outcome: 'REFUSED',
    since: '24h',
    server: 'srv_1',
    actor: 'usr_1',
  } as const;
  expect(toFilter(chosen, now)).toEqual({
    action: 'container',
    outcome: 'REFUSED',
    serverId: 'srv_1',
    actorId: 'usr_1',
    from: '2026-11-21T12:00:00.000Z',
  });
  expect(isFiltered(chosen)).toBe(true);
});

test('a kind of actor is asked for by its kind', () => {
  expect(toFilter({ ...unfiltered, actor: 'AGENT' }, now)).toEqual({ actorKind: 'AGENT' });
});

test('times of one’s own count only when they are chosen and make sense', () => {
  const times = { from: '2026-11-20T08:00', to: 'tomorrow' };
  expect(toFilter({ ...unfiltered, ...times }, now)).toEqual({});
  expect(toFilter({ ...unfiltered, ...times, since: 'custom' }, now)).toEqual({
    from: new Date('2026-11-20T08:00').toISOString(),
  });
});
