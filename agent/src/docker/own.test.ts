import { expect, test } from 'vitest';
import { isOwnContainer, isOwnEvent, isOwnImage, ownLabel } from './own.ts';

const Labels = { [ownLabel]: 'agt_1' };

test('a label hides a container that was never started, and nothing that runs or ran', () => {
  expect(isOwnContainer({ Labels, State: 'created' })).toBe(true);
  for (const State of ['running', 'exited', 'paused', 'restarting', undefined]) {
    expect(isOwnContainer({ Labels, State })).toBe(false);
  }
  expect(isOwnContainer({ Labels: null, State: 'created' })).toBe(false);
});

test('a label hides an image with nothing in it', () => {
  expect(isOwnImage({ Labels, Size: 0 })).toBe(true);
  expect(isOwnImage({ Labels, Size: 1 })).toBe(false);
  expect(isOwnImage({ Labels: { other: '' }, Size: 0 })).toBe(false);
});

test('a label hides that something came and went, and not that it started', () => {
  const event = (Action: string, Attributes: object = Labels) =>
    isOwnEvent({ Action, Actor: { Attributes } });
  expect(['create', 'destroy', 'import', 'delete'].map((action) => event(action))).not.toContain(false);
  expect(event('start')).toBe(false);
  expect(event('create', { name: 'web' })).toBe(false);
});
