import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { nextItem } from '../../../testing/events.ts';
import { unlimited } from '../access/rights.ts';
import { Topics } from '../live/topics.ts';
import { TestAgents, TestLink, TestRing } from '../metrics/testing.ts';
import { DockerEvents, newest } from './service.ts';

const event = (key: string, type = 'container') => ({
  key,
  type,
  action: 'start',
  id: key,
  name: `name of ${key}`,
  at: 1,
  details: [],
});
const batch = (events: readonly object[], missed = 0) => ({ engineEvents: { events, missed } });
const rights = (...scopes: Scope[]) => unlimited(new Set(scopes));
const everything = rights('docker:containers:read', 'docker:volumes:read');

let agents: TestAgents;
let events: DockerEvents;
let ending: AbortController;
let link: TestLink;
beforeEach(() => {
  agents = new TestAgents();
  events = new DockerEvents(agents, new Topics());
  ending = new AbortController();
  link = agents.up(new TestLink({ id: 'srv_a', number: 1 }, new TestRing()));
});
afterEach(() => {
  ending.abort();
  link.close();
});

test('however many watch, an agent is listened to once, and no longer than somebody watches', () => {
  const leaving = new AbortController();
  events.watch({}, everything, leaving.signal);
  events.watch({ serverIds: ['srv_a'] }, everything, leaving.signal);
  expect(link.running).toEqual(['EngineEvents']);
  const later = agents.up(new TestLink({ id: 'srv_b', number: 2 }, new TestRing()));
  expect(later.running).toEqual(['EngineEvents']);
  leaving.abort();
  expect([...link.running, ...later.running]).toEqual([]);
  later.close();
});

test('each sees what fits and what their scopes are for', async () => {
  const all = events.watch({}, everything, ending.signal);
  const few = events.watch({ text: 'two' }, rights('docker:containers:read'), ending.signal);
  link.emit('EngineEvents', batch([event('one'), event('two'), event('two-volume', 'volume')]));
  link.emit('EngineEvents', batch([event('three')], 7));
  expect(await nextItem(all)).toMatchObject({ serverId: 'srv_a', missed: 0 });
  const { events: seen } = await nextItem(few);
  expect(seen.map(({ key }) => key)).toContain('two');
  expect((await nextItem(all)).missed).toBe(7);
  const recent = events.recent({}, rights('docker:containers:read'));
  expect(recent.flatMap((one) => one.events.map(({ key }) => key))).toEqual(['one', 'two', 'three']);
  expect(events.recent({ serverIds: ['srv_b'] }, everything)).toEqual([]);
});

test('what a new link tells again is told once', async () => {
  const source = events.watch({}, everything, ending.signal);
  link.emit('EngineEvents', batch([event('one')]));
  link.emit('EngineEvents', batch([event('one'), event('two')]));
  await nextItem(source);
  expect((await nextItem(source)).events.map(({ key }) => key)).toEqual(['two']);
});

test.each([
  ['too many', Array.from({ length: 501 }, (_, n) => event(`e${n}`))],
  ['endless ones', [event('x'.repeat(100_000))]],
])('an agent that sends %s is not believed', (_what, sent) => {
  events.watch({}, everything, ending.signal);
  expect(() => link.emit('EngineEvents', batch(sent))).toThrow(
    expect.objectContaining({ code: 'AGENT_PROTOCOL_ERROR' }),
  );
  expect(events.recent({}, everything)).toEqual([]);
});

test('what is kept of a server for who joins later is bounded by what it weighs', () => {
  const heavy = (key: string) => ({ ...event(key), name: 'x'.repeat(30_000) });
  const kept = newest([...Array.from({ length: 50 }, (_, n) => heavy(`${n}`)), event('last')]);
  expect(kept.at(-1)?.key).toBe('last');
  expect(JSON.stringify(kept).length).toBeLessThan(300_000);
  expect(kept.length).toBeGreaterThan(5);
});
