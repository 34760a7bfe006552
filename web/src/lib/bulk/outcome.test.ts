import { expect, test } from 'vitest';
import { Failure } from '../api/failure.ts';
import { failedFirst, inPortions, type Outcome } from './outcome.ts';

test('many targets are asked for in portions, and answered in their order', async () => {
  const targets = Array.from({ length: 1_001 }, (_, index) => index);
  const sizes: number[] = [];
  const results = await inPortions(targets, (portion) => {
    sizes.push(portion.length);
    return Promise.resolve(portion.map((target) => target * 2));
  });
  expect(sizes).toEqual([500, 500, 1]);
  expect(results).toEqual(targets.map((target) => target * 2));
});

test('what failed stands first, the rest stays in its order', () => {
  const outcome = (name: string, failure: Failure | null): Outcome => ({
    target: name,
    name,
    href: '/',
    failure,
  });
  const offline = new Failure('AGENT_OFFLINE', '');
  const sorted = failedFirst([outcome('a', null), outcome('b', offline), outcome('c', null)]);
  expect(sorted.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
});
