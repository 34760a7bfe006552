import { expect, test } from 'vitest';
import { isFiltered, toFilter } from './audit-state.ts';

const nothing = { action: '', outcome: '', since: '', server: '', actor: '' } as const;

test('nothing chosen filters nothing', () => {
  expect(toFilter(nothing, 0)).toEqual({});
  expect(isFiltered(nothing)).toBe(false);
});

test('what is chosen is asked for', () => {
  const state = {
    action: 'container',
    outcome: 'FAILED',
    since: '24h',
    server: 'srv_1',
    actor: 'usr_1',
  } as const;
  expect(toFilter(state, Date.parse('2026-11-22T12:00:00Z'))).toEqual({
    action: 'container',
    outcome: 'FAILED',
    serverId: 'srv_1',
    actorId: 'usr_1',
    from: '2026-11-21T12:00:00.000Z',
  });
  expect(isFiltered(state)).toBe(true);
});
