import { expect, test } from 'vitest';
import { createClient } from './node.ts';
import { allContainers, allServers } from './pages.ts';
import { testApi } from './testing.ts';

test('a list is read page by page, and no page before it is needed', async () => {
  await using api = await testApi();
  const asked: unknown[] = [];
  api.reply = ({ payload: { variables } }) => {
    asked.push(variables?.['after']);
    const last = variables?.['after'] === 'b';
    const nodes = last ? [{ id: 'c' }] : [{ id: 'a' }, { id: 'b' }];
    return {
      data: {
        servers: { totalCount: 3, nodes, pageInfo: { hasNextPage: !last, endCursor: last ? 'c' : 'b' } },
      },
    };
  };
  const servers = allServers(createClient({ url: api.url }), { filter: { statuses: ['ONLINE'] } });
  await servers.next();
  await servers.next();
  expect(asked).toEqual([null]);
  expect(await servers.next()).toMatchObject({ value: { id: 'c' } });
  expect(await servers.next()).toMatchObject({ done: true });
  expect(asked).toEqual([null, 'b']);
});

test('an empty list is empty', async () => {
  await using api = await testApi();
  api.reply = () => ({
    data: { containers: { totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } },
  });
  expect(await allContainers(createClient({ url: api.url })).next()).toEqual({
    done: true,
    value: undefined,
  });
});
