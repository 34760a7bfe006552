import { beforeEach, expect, test, vi } from 'vitest';
import { standIn } from './api/testing.ts';
import { noteEnd } from './api/transport.ts';
import { Failure } from './api/failure.ts';

vi.mock('./api/operations.ts', () => import('./api/testing.ts'));
vi.mock('./api/proof.ts', () => ({
  readProof: () => 'proof',
  keepProof: vi.fn<() => void>(),
  forgetProof: vi.fn<() => void>(),
}));
vi.mock('./api/live.svelte.ts', () => ({
  live: { start: vi.fn<() => void>(), stop: vi.fn<() => void>(), state: 'off' },
}));

beforeEach(() => standIn.reset());

const answer = (place: number, scopes: readonly string[]): void =>
  standIn.answers[place]?.({ viewer: { scopes } });
const settled = () => new Promise(setImmediate);

test('of what may be done, the last that was asked counts, and what was denied meanwhile is looked at again', async () => {
  vi.stubGlobal('addEventListener', vi.fn<() => void>());
  const { session } = await import('./session.svelte.ts');
  const opening = session.open();
  answer(0, ['a', 'b', 'c']);
  await opening;
  const denied = () => noteEnd([new Failure('PERMISSION_DENIED', '')]);
  denied();
  denied();
  expect(standIn.answers).toHaveLength(2);
  // Read before the second right went.
  answer(1, ['a', 'b']);
  await settled();
  expect(standIn.answers).toHaveLength(3);
  const asked = session.refresh();
  answer(3, ['a']);
  await asked;
  answer(2, ['a', 'b']);
  await settled();
  expect(['a', 'b', 'c'].map((scope) => session.may(scope))).toEqual([true, false, false]);
});
