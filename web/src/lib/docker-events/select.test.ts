import { expect, test } from 'vitest';
import type { EventEntry } from './events.svelte.ts';
import { eventLook, selectEvents } from './select.ts';

const event = (
  action: string,
  name: string,
  { type = 'CONTAINER', exitCode }: { type?: EventEntry['row']['type']; exitCode?: string } = {},
): EventEntry => ({
  key: `${action} ${name}`,
  serverId: 'srv',
  row: {
    key: name,
    at: '2026-01-01T00:00:00Z',
    type,
    action,
    id: name,
    name,
    details: exitCode === undefined ? [] : [{ key: 'exitCode', value: exitCode }],
  },
});

test('events are found by type and by words of what happened to what', () => {
  const all = [
    event('start', 'web'),
    event('die', 'web', { exitCode: '137' }),
    event('create', 'data', { type: 'VOLUME' }),
  ];
  const found = (q: string, type: EventEntry['row']['type'][] = []): string[] =>
    selectEvents(all, { q, type }).map(({ key }) => key);
  expect(found('')).toHaveLength(3);
  expect(found('WEB die')).toEqual(['die web']);
  expect(found('137')).toEqual(['die web']);
  expect(found('', ['VOLUME'])).toEqual(['create data']);
});

test.each([
  [event('start', 'a'), 'good'],
  [event('die', 'a', { exitCode: '0' }), 'neutral'],
  [event('die', 'a', { exitCode: '1' }), 'warning'],
  [event('health_status: healthy', 'a'), 'good'],
  [event('health_status: unhealthy', 'a'), 'critical'],
  [event('oom', 'a'), 'critical'],
  [event('destroy', 'a'), 'neutral'],
])('$0.key looks %s', (entry, look) => {
  expect(eventLook(entry)).toBe(look);
});
