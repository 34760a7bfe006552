import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Link } from './link.ts';
import { openSuccession } from './succession.ts';

/** Links that end when the test says so. */
function held(over = () => false) {
  const opened: PromiseWithResolvers<'stopped'>[] = [];
  const stopped = new Set<number>();
  const open = (): Link => {
    const end = Promise.withResolvers<'stopped'>();
    const place = opened.push(end) - 1;
    return { ended: end.promise, stop: () => void stopped.add(place) };
  };
  return { opened, stopped, links: openSuccession({ open, patienceMs: 60_000, over }) };
}

test('a link that is asked for twice before it can be opened is opened once', async () => {
  const { opened, stopped, links } = held();
  links.renew();
  links.renew();
  expect([opened.length, [...stopped]]).toEqual([1, [0]]);
  opened[0]?.resolve('stopped');
  await turn();
  expect(opened).toHaveLength(2);
  links.renew();
  opened[1]?.resolve('stopped');
  await turn();
  expect([opened.length, [...stopped]]).toEqual([3, [0, 1]]);
  links.current().stop();
  expect([...stopped]).toEqual([0, 1, 2]);
});

test('an agent that stops meanwhile opens none', async () => {
  const { opened, links } = held(() => true);
  links.renew();
  opened[0]?.resolve('stopped');
  await turn();
  expect(opened).toHaveLength(1);
});
