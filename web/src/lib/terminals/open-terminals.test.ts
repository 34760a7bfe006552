import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { OpenTerminals } from './open-terminals.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));

beforeEach(() => standIn.reset());

test('the terminals to join are those that were there when it was last asked, whatever answer comes last', async () => {
  const open = new OpenTerminals();
  const both = [open.load('container', 'srv'), open.load('container', 'srv')];
  standIn.answers[1]?.({ terminals: [{ id: 'new' }] });
  standIn.answers[0]?.({ terminals: [{ id: 'closed' }] });
  await Promise.all(both);
  expect(open.list.map(({ id }) => id)).toEqual(['new']);
});
