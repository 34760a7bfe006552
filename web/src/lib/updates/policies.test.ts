import { beforeEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../../testing/events.ts';
import { standIn } from '../api/testing.ts';
import { updatePolicies } from './policies.svelte.ts';

vi.mock('../api/operations.ts', () => import('../api/testing.ts'));
vi.mock('../session.svelte.ts', () => ({ session: { may: () => true } }));

beforeEach(() => standIn.reset());

const policy = (id: string, mode: string) => ({
  id,
  serverId: 'srv',
  kind: 'STACK',
  name: id,
  composeService: null,
  mode,
});
const modes = () => updatePolicies.list.map(({ id, mode }) => `${id} ${mode}`).toSorted();

test('a list that was read before an event and comes after it does not undo it', async () => {
  const stop = updatePolicies.watch();
  standIn.tell({ updatePolicyEvents: { policyId: 'new', policy: policy('new', 'NOTIFY') } });
  standIn.tell({ updatePolicyEvents: { policyId: 'changed', policy: policy('changed', 'APPLY') } });
  standIn.tell({ updatePolicyEvents: { policyId: 'gone', policy: null } });
  standIn.answers[0]?.({ updatePolicies: ['changed', 'gone', 'same'].map((id) => policy(id, 'OFF')) });
  await eventually(() => updatePolicies.loaded, 'the list');
  expect(modes()).toEqual(['changed APPLY', 'new NOTIFY', 'same OFF']);
  stop();
});

test('a list that a later one has overtaken is dropped', async () => {
  updatePolicies.watch()();
  const stop = updatePolicies.watch();
  standIn.answers[1]?.({ updatePolicies: [policy('same', 'APPLY')] });
  await eventually(() => modes().includes('same APPLY'), 'the later list');
  standIn.answers[0]?.({ updatePolicies: [policy('same', 'OFF')] });
  await new Promise(setImmediate);
  expect(modes()).toEqual(['same APPLY']);
  stop();
});
