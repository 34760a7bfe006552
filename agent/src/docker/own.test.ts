import { describe, expect, test } from 'vitest';
import { isOwnContainer, isOwnImage, OwnEvents, ownLabel } from './own.ts';
import type { EngineEvent } from './watcher.ts';

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

describe("what happens to what says it is an agent's", () => {
  const event = (action: string, more: Partial<EngineEvent> = {}): EngineEvent => ({
    type: 'container',
    action,
    id: 'box',
    container: null,
    name: 'box',
    details: [],
    own: true,
    at: 0,
    ...more,
  });
  const told = (...happened: EngineEvent[]): string[] => {
    const events = new OwnEvents();
    return happened.flatMap((one) => events.tell(one)).map(({ type, action }) => `${type} ${action}`);
  };

  test('is not told when it only came and went', () => {
    expect(told(event('create'), event('destroy'))).toEqual([]);
    const image = { type: 'image', id: 'sha256:1' };
    expect(told(event('import', image), event('delete', image))).toEqual([]);
  });

  test('is told from the begin when it is started, and its end as well: anybody can put the label on', () => {
    expect(told(event('create'), event('start'), event('die'), event('destroy'))).toEqual([
      'container create',
      'container start',
      'container die',
      'container destroy',
    ]);
  });

  test('is told of what was there before anybody listened, and of others without any delay', () => {
    expect(told(event('destroy'))).toEqual(['container destroy']);
    expect(told(event('create', { own: false }))).toEqual(['container create']);
  });

  test('is told after all when there is more of it than agents make', () => {
    const many = Array.from({ length: 150 }, (_, n) => event('create', { id: `box${n}` }));
    expect(told(...many)).toHaveLength(50);
  });
});
