import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from '#lib/api/testing.ts';
import { fleet } from '#lib/fleet/fleet.svelte.ts';
import { ServerView } from './server-view.svelte.ts';

vi.mock('#lib/api/operations.ts', () => import('#lib/api/testing.ts'));
vi.mock('#lib/session.svelte.ts', () => ({}));
vi.mock('#lib/i18n.svelte.ts', () => ({}));

beforeEach(() => {
  standIn.reset();
  return fleet.start();
});

test('a server is as it was when it was last asked about, whatever answer comes last', async () => {
  const view = new ServerView('srv');
  const all = [view.load(), view.load()];
  standIn.answers[1]?.({ server: { name: 'new' } });
  standIn.answers[0]?.({ server: { name: 'old' } });
  await Promise.all(all);
  expect(view.detail).toMatchObject({ name: 'new' });
});

test('a server that was deleted while it was read is gone', async () => {
  const view = new ServerView('srv');
  const stop = view.start();
  standIn.tell({ serverEvents: { kind: 'DELETED', serverId: 'srv', server: null } });
  standIn.answers[0]?.({ server: { name: 'old' } });
  await new Promise(setImmediate);
  expect([view.gone, view.detail]).toEqual([true, null]);
  stop();
});
