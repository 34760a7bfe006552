import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { JobList } from './job-list.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));

beforeEach(() => standIn.reset());

const job = (id: string, state: string) => ({ id, state, serverId: 'srv', createdAt: `2026-01-0${id}` });
const answer = (place: number, nodes: readonly object[], endCursor: string | null = null): void =>
  standIn.answers[place]?.({ jobs: { nodes, pageInfo: { hasNextPage: endCursor !== null, endCursor } } });
const states = (list: JobList) => list.items?.map(({ id, state }) => `${id} ${state}`);

test('a list that was read before a job ended and comes after that is told does not undo it', async () => {
  const list = new JobList();
  list.watch();
  const loading = list.load({});
  standIn.tell({ jobChanges: job('1', 'SUCCEEDED') });
  standIn.tell({ jobChanges: job('3', 'RUNNING') });
  answer(0, [job('2', 'SUCCEEDED'), job('1', 'RUNNING')]);
  await loading;
  expect(states(list)).toEqual(['3 RUNNING', '2 SUCCEEDED', '1 SUCCEEDED']);
});

test('a job that was told of before its page was read is in the list once', async () => {
  const list = new JobList();
  list.watch();
  const loading = list.load({});
  answer(0, [job('3', 'SUCCEEDED')], 'next');
  await loading;
  standIn.tell({ jobChanges: job('1', 'SUCCEEDED') });
  const more = list.more();
  answer(1, [job('2', 'SUCCEEDED'), job('1', 'SUCCEEDED')]);
  await more;
  expect(states(list)?.toSorted()).toEqual(['1 SUCCEEDED', '2 SUCCEEDED', '3 SUCCEEDED']);
});
