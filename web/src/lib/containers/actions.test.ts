import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { rename } from './actions.svelte.ts';
import { ContainerEntry, type ContainerRow } from './container.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));
vi.mock('../i18n.svelte.ts', () => ({}));
vi.mock('../toasts.svelte.ts', () => ({}));

beforeEach(() => standIn.reset());

const row = (state: string): ContainerRow => {
  const parse: (text: string) => ContainerRow = JSON.parse;
  return parse(JSON.stringify({ id: 'box', name: 'box', state, labels: [] }));
};

test.each([
  ['stands', [], 'CREATED'],
  ['does not undo what was told of the container since it was asked for', ['EXITED'], 'EXITED'],
])('what a change answers %s', async (_what, told, shown) => {
  const entry = new ContainerEntry('srv', row('RUNNING'));
  const changing = rename(entry, 'other');
  for (const state of told) entry.row = row(state);
  standIn.answers[0]?.({ renameContainer: { container: row('CREATED') } });
  await changing;
  expect(entry.row.state).toBe(shown);
  expect(entry.pending).toBeNull();
});
