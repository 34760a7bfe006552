import { describe, expect, test } from 'vitest';
import type { AgentContainer } from './mirror.ts';
import { askFor } from './reference.ts';
import { seen } from './testing.ts';

/** An agent that has these. Tells what it was asked. */
function agent(containers: readonly AgentContainer[]) {
  const asked: (readonly string[] | null)[] = [];
  return {
    asked,
    ask: (ids: readonly string[] | null) => {
      asked.push(ids);
      return Promise.resolve(ids ? containers.filter(({ id }) => ids.includes(id)) : containers);
    },
  };
}

const [web, blog] = [seen(1, { name: 'web' }), seen(2, { name: 'blog' })];

describe('a container is found', () => {
  test('by an id alone, and by a name that events have told, without asking for all', async () => {
    const { ask, asked } = agent([web, blog]);
    expect(await askFor(web.id, undefined, ask)).toBe(web);
    expect(await askFor('blog', blog.id, ask)).toBe(blog);
    expect(asked).toEqual([[web.id], [blog.id]]);
  });

  test('by its name before events have told of it', async () => {
    expect(await askFor('blog', undefined, agent([web, blog]).ask)).toBe(blog);
  });

  test('by its name when it has just been replaced by another', async () => {
    const replaced = seen(3, { name: 'web' });
    expect(await askFor('web', web.id, agent([replaced, blog]).ask)).toBe(replaced);
  });

  test('by the beginning of its id, unless that fits two', async () => {
    const long = seen(4, { id: `${'a'.repeat(63)}b`, name: 'long' });
    expect(await askFor('a'.repeat(12), undefined, agent([web, long]).ask)).toBe(long);
    const other = seen(5, { id: `${'a'.repeat(63)}c`, name: 'other' });
    expect(await askFor('a'.repeat(12), undefined, agent([long, other]).ask)).toBeUndefined();
  });

  test('not when it is gone, whatever events have told', async () => {
    const { ask } = agent([blog]);
    expect(await askFor(web.id, web.id, ask)).toBeUndefined();
    expect(await askFor('web', web.id, ask)).toBeUndefined();
  });
});
