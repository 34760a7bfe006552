import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { fleet } from './fleet.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));

beforeEach(() => {
  standIn.reset();
  return fleet.start();
});

const answer = (nodes: readonly { readonly id: string; readonly status: string }[]): void =>
  standIn.answers[0]?.({ servers: { nodes, pageInfo: { hasNextPage: false } } });
const statuses = () => fleet.servers.map(({ id, row }) => `${id} ${row.status}`);

test('a list that was read before an event and comes after it does not undo it', async () => {
  const loading = fleet.load();
  standIn.tell({ serverEvents: { kind: 'UPDATED', serverId: 'a', server: { id: 'a', status: 'ONLINE' } } });
  answer([
    { id: 'a', status: 'OFFLINE' },
    { id: 'b', status: 'OFFLINE' },
  ]);
  await loading;
  expect(statuses()).toEqual(['a ONLINE', 'b OFFLINE']);
});

test('a server that came or went while the list was read is not forgotten, and does not come back', async () => {
  const loading = fleet.load();
  standIn.tell({
    serverEvents: { kind: 'CREATED', serverId: 'new', server: { id: 'new', status: 'PENDING' } },
  });
  standIn.tell({ serverEvents: { kind: 'DELETED', serverId: 'gone', server: null } });
  answer([{ id: 'gone', status: 'OFFLINE' }]);
  await loading;
  expect(statuses()).toEqual(['new PENDING']);
});
