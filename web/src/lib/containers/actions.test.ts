import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { kill, rename } from './actions.svelte.ts';
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

test.each([
  ['first', 0, 'kill'],
  ['last', 1, 'rename'],
])(
  'of two changes that are under way, the %s one that ends leaves the other its mark',
  async (_which, at, left) => {
    const entry = new ContainerEntry('srv', row('RUNNING'));
    const changing = [rename(entry, 'other'), kill(entry, 'SIGKILL')];
    expect(entry.pending).toBe('kill');
    standIn.answers[at]?.({
      renameContainer: { container: row('RUNNING') },
      killContainer: { container: row('EXITED') },
    });
    await changing[at];
    expect(entry.pending).toBe(left);
    standIn.answers[1 - at]?.({
      renameContainer: { container: row('RUNNING') },
      killContainer: { container: row('EXITED') },
    });
    await Promise.all(changing);
    expect(entry.pending).toBeNull();
  },
);
