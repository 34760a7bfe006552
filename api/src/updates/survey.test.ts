import { expect, test } from 'vitest';
import { ServerKitError } from '../errors.ts';
import type { Runner } from './owners.ts';
import type { Policy } from './policy.ts';
import { Surveyor } from './survey.ts';

const { signal } = new AbortController();
const now = new Date('2026-11-22T21:00:00Z');
const runner: Runner = { actor: { kind: 'system', label: 'test' }, scopes: new Set() };
const [old, fresh] = ['sha256:1', 'sha256:2'];

const policy: Policy = {
  id: 'upd_1',
  serverId: 'srv_1',
  kind: 'stack',
  name: 'shop',
  compose: null,
  mode: 'notify',
  window: { days: [7], from: '22:00', to: '23:00', timeZone: 'UTC' },
  healthTimeoutSeconds: 60,
  ownerId: null,
  tokenId: null,
  ownerLabel: '',
  scopes: [],
  setAt: now,
  checkedAt: null,
  nextCheckAt: now,
  failures: 0,
  problem: null,
  newer: [],
  noticedAt: null,
  hold: null,
  attempt: null,
};

/** A stack of containers of these images, and what their registries say. */
function surveyor(images: readonly string[], told: Readonly<Record<string, string | ServerKitError>>) {
  const asked: string[] = [];
  const containers = images.map((image, index) => ({
    id: `c${index}`,
    name: `shop-${index}`,
    number: 1,
    state: 'RUNNING' as const,
    status: 'Up',
    health: null,
    exitCode: null,
    image,
    imageId: `sha256:${index}`,
    configHash: null,
  }));
  const stack = {
    name: 'shop',
    managed: true,
    folder: null,
    configFiles: [],
    version: 1,
    services: [{ name: 'web', containers }],
  };
  const made = new Surveyor({
    containers: {
      list: () => Promise.resolve([]),
      details: () => Promise.reject(new Error('not asked for')),
    },
    images: {
      details: (_serverId, id) =>
        Promise.resolve({
          image: {
            id,
            tags: [],
            digests: [`any@${old}`],
            createdAt: 0,
            sizeBytes: 1,
            labels: [],
            containers: [],
          },
          architecture: '',
          os: '',
          author: '',
          comment: '',
          user: '',
          workingDir: '',
          entrypoint: [],
          command: [],
          environmentNames: [],
          exposedPorts: [],
          volumes: [],
          healthcheck: [],
          stopSignal: '',
          layers: 1,
          inspectJson: '{}',
        }),
      updates: (_serverId, [reference = '']) => {
        asked.push(reference);
        const answer = told[reference];
        return Promise.resolve([
          typeof answer === 'string'
            ? { reference, state: 'CURRENT', remoteDigest: answer, error: null }
            : { reference, state: 'UNKNOWN', remoteDigest: null, error: answer },
        ]);
      },
    },
    stacks: { find: () => Promise.resolve({ serverId: 'srv_1', stack, observedAt: now }) },
  });
  return { asked, look: (at = now, known = policy) => made.look(known, runner, signal, at) };
}

test('what runs counts, and not what its name has come to mean on the server', async () => {
  const { look } = surveyor(['web:1', 'db:1'], { 'web:1': fresh, 'db:1': old });
  expect(await look()).toEqual({
    newer: [{ reference: 'web:1', digest: fresh }],
    problem: null,
    hold: null,
  });
});

test('no registry is asked about what is named by its digest', async () => {
  const { asked, look } = surveyor([`web@sha256:${'a'.repeat(64)}`], {});
  expect((await look()).newer).toEqual([]);
  expect(asked).toEqual([]);
});

test.each([
  ["in an agent's words", 'The registry had too many requests: wait, or keep an account for it.'],
  [
    "in the engine's, as older agents pass them on",
    'toomanyrequests: You have reached your pull rate limit.',
  ],
])(
  'a registry that says that it was asked too often is left alone for an hour, %s',
  async (_whose, words) => {
    const error = new ServerKitError('DOCKER_ERROR', words);
    const { asked, look } = surveyor(['web:1', 'db:1', 'other.example/x:1'], {
      'web:1': error,
      'db:1': error,
      'other.example/x:1': old,
    });
    expect((await look()).problem?.code).toBe('DOCKER_ERROR');
    const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000);
    expect((await look(minutes(59))).problem?.code).toBe('RATE_LIMITED');
    expect(asked).toEqual(['web:1', 'other.example/x:1', 'other.example/x:1']);
    await look(minutes(61));
    expect(asked).toHaveLength(5);
  },
);

test('what a registry did not tell this time is as it was', async () => {
  const error = new ServerKitError('DOCKER_ERROR', 'no route to host');
  const newer = [{ reference: 'web:1', digest: fresh }];
  const { look } = surveyor(['web:1', 'db:1'], { 'web:1': error, 'db:1': old });
  expect(await look(now, { ...policy, newer })).toMatchObject({
    newer,
    problem: { message: 'no route to host' },
  });
});
