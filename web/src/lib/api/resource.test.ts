import { expect, test } from 'vitest';
import { Resource } from './resource.svelte.ts';

test('an answer that was overtaken by a later one is dropped', async () => {
  const asked: PromiseWithResolvers<string>[] = [];
  const resource = new Resource(() => {
    const held = Promise.withResolvers<string>();
    asked.push(held);
    return held.promise;
  });
  const second = resource.load();
  asked[1]?.resolve('new');
  await second;
  asked[0]?.resolve('old');
  await Promise.resolve();
  expect(resource.value).toBe('new');
});
