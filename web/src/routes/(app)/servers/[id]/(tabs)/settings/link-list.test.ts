import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '#lib/api/testing.ts';
import { linkList } from './link-list.ts';

vi.mock('#lib/api/operations.ts', () => import('#lib/api/testing.ts'));

beforeEach(() => standIn.reset());

const answer = (place: number, ids: readonly string[], endCursor: string | null = null): void =>
  standIn.answers[place]?.({
    server: {
      linkSessions: {
        nodes: ids.map((id) => ({ id })),
        pageInfo: { hasNextPage: endCursor !== null, endCursor },
      },
    },
  });

test('links are as they were when they were last asked for, whatever answer comes last', async () => {
  const list = linkList();
  const loading = list.load('srv');
  answer(0, ['two', 'one'], 'next');
  await loading;
  // A link comes while older ones are read.
  const late = [list.more(), list.load('srv')];
  answer(2, ['three', 'two'], 'next');
  answer(1, ['zero']);
  await Promise.all(late);
  expect(list.items?.map(({ id }) => id)).toEqual(['three', 'two']);
  expect(list.hasMore).toBe(true);
});

test('of a server that is gone there are none', async () => {
  const list = linkList();
  const loading = list.load('srv');
  standIn.answers[0]?.({ server: null });
  await loading;
  expect([list.items, list.hasMore]).toEqual([[], false]);
});
