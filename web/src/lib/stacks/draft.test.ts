import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '../api/testing.ts';
import { Drafting } from './draft.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));

beforeEach(() => standIn.reset());

// A reading asks for the version, and then for the files.
const version = { server: { stack: { version: 1 } } };
const files = (compose: string) => ({ server: { stack: { files: { compose, env: '' } } } });

test('files that come late, asked for before the server went and came, do not take the place of what is typed', async () => {
  const drafting = new Drafting('srv', 'shop');
  const readings = [drafting.begin(), drafting.begin()];
  standIn.answers[0]?.(version);
  standIn.answers[1]?.(version);
  await vi.waitFor(() => expect(standIn.answers).toHaveLength(4));
  standIn.answers[3]?.(files('b'));
  await readings[1];
  const { draft } = drafting;
  expect(draft?.compose).toBe('b');
  if (draft) draft.compose = 'typed';
  standIn.answers[2]?.(files('a'));
  await readings[0];
  expect(drafting.draft?.compose).toBe('typed');
});
