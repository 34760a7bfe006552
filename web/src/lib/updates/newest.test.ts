import { expect, test } from 'vitest';
import { newest } from './newest.ts';
import type { UpdatePolicy } from './policies.svelte.ts';

const policy = (name: string, given: Partial<UpdatePolicy> = {}): UpdatePolicy => ({
  id: name,
  serverId: 'srv_a',
  kind: 'CONTAINER',
  name,
  composeService: null,
  containerId: `id-of-${name}`,
  mode: 'NOTIFY',
  window: { days: [1], from: '02:00', to: '05:00', timeZone: 'UTC' },
  healthTimeoutSeconds: 120,
  setAt: '2026-11-01T00:00:00.000Z',
  setBy: 'ada@example.com',
  checkedAt: null,
  nextCheckAt: '2026-11-02T00:00:00.000Z',
  nextWindowAt: null,
  problem: null,
  newer: [{ reference: 'nginx:1', digest: 'sha256:00' }],
  noticedAt: '2026-11-01T12:00:00.000Z',
  hold: null,
  attempt: null,
  ...given,
});
const attempt = (state: 'BEGUN' | 'FAILED', at: string) => ({ state, at, reason: null, jobId: null });

test('what was found last comes first, each with its page', () => {
  const later = policy('shop', { kind: 'STACK', containerId: null, noticedAt: '2026-11-02T00:00:00.000Z' });
  expect(newest([policy('web'), later]).map(({ href }) => href)).toEqual([
    '/servers/srv_a/stacks/shop',
    '/servers/srv_a/containers/id-of-web',
  ]);
});

test('what nobody wants to know, what is at work and what failed is not among them', () => {
  const after = '2026-11-01T13:00:00.000Z';
  expect(
    newest([
      policy('off', { mode: 'OFF' }),
      policy('current', { newer: [] }),
      policy('at-work', { attempt: attempt('BEGUN', after) }),
      policy('failed', { attempt: attempt('FAILED', after) }),
      policy('gone', { containerId: null }),
    ]),
  ).toEqual([]);
});

test('what was found after another one failed is', () => {
  const found = newest([policy('web', { attempt: attempt('FAILED', '2026-11-01T11:00:00.000Z') })]);
  expect(found).toHaveLength(1);
});
