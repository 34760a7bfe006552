import { pino } from 'pino';
import { expect, test } from 'vitest';
import { enforceRecording } from './enforcement.ts';

const log = pino({ level: 'silent' });
const row = (serverId: string, id: string, kind: 'container' | 'server' = 'container') => ({
  id,
  serverId,
  actor: { kind: 'system', label: 'test' },
  target: { kind, id: kind === 'server' ? serverId : 'box' },
  openedAt: new Date(),
});

function world() {
  const enforced: string[] = [];
  const shut: string[] = [];
  return {
    enforced,
    shut,
    recordings: {
      rules: { requires: (serverId: string) => Promise.resolve(serverId !== 'srv_free') },
      enforce: ({ id }: { readonly id: string }) => Promise.resolve(void enforced.push(id)),
      shut: ({ id }: { readonly id: string }) => Promise.resolve(void shut.push(id)),
    },
  };
}

test('what is open is recorded where it has to be, whatever became of another server', async () => {
  const { enforced, shut, recordings } = world();
  const rows = [
    row('srv_bad', 'trm_1'),
    row('srv_free', 'trm_2'),
    row('srv_good', 'trm_3'),
    row('srv_good', 'trm_4', 'server'),
  ];
  await enforceRecording({
    open: rows,
    recordings,
    list: (place, serverId) =>
      serverId === 'srv_bad'
        ? Promise.reject(new Error('It does not answer.'))
        : Promise.resolve([{ id: place === 'host' ? 'trm_4' : 'trm_3', privileged: false }]),
    isLinked: () => false,
    log,
  });
  expect(enforced.toSorted()).toEqual(['trm_3', 'trm_4']);
  expect(shut).toEqual([]);
});

test('a server that does not answer holds up no other', async () => {
  const { enforced, recordings } = world();
  const answer = Promise.withResolvers<[]>();
  const done = Promise.withResolvers<void>();
  const enforcing = enforceRecording({
    open: [row('srv_slow', 'trm_1'), row('srv_good', 'trm_2')],
    recordings: {
      ...recordings,
      async enforce(terminal) {
        await recordings.enforce(terminal);
        done.resolve();
      },
    },
    list: (place, serverId) =>
      serverId === 'srv_slow'
        ? answer.promise
        : Promise.resolve(place === 'host' ? [] : [{ id: 'trm_2', privileged: false }]),
    isLinked: () => true,
    log,
  });
  await done.promise;
  expect(enforced).toEqual(['trm_2']);
  answer.resolve([]);
  await enforcing;
});

test('what a server that is linked does not tell of is closed, each where it is', async () => {
  const { enforced, shut, recordings } = world();
  await enforceRecording({
    open: [row('srv_1', 'trm_box'), row('srv_1', 'trm_host', 'server')],
    recordings,
    list: (place) =>
      place === 'container'
        ? Promise.reject(new Error('It does not answer.'))
        : Promise.resolve([{ id: 'trm_host', privileged: false }]),
    isLinked: () => true,
    log,
  });
  expect(shut).toEqual(['trm_box']);
  expect(enforced).toEqual(['trm_host']);
});
