import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { SourceView } from './git.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));

beforeEach(() => standIn.reset());

test('where the files of a stack come from is as it was when it was last asked, whatever answer comes last', async () => {
  const view = new SourceView();
  const all = [view.load('srv', 'web'), view.load('srv', 'web')];
  standIn.answers[1]?.({ server: { gitSource: { commit: 'new' } } });
  standIn.answers[0]?.({ server: { gitSource: { commit: 'old' } } });
  await Promise.all(all);
  expect(view.source).toEqual({ commit: 'new' });
});
