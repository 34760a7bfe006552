import { labelOf, secretsLabel } from '@serverkit/wire/secret-references.ts';
import { expect, test } from 'vitest';
import type { Engine } from '../docker/engine.ts';
import { AgentError } from '../errors.ts';
import { isMadeFor, putFiles } from './secrets.ts';

/** An engine with one container that is as said. @returns what was written to it */
async function put(path: string, inspected: object): Promise<string[]> {
  const written: string[] = [];
  const unused = () => Promise.reject(new Error('not asked for'));
  const engine: Engine = {
    get: () => Promise.resolve({ Config: {}, ...inspected }),
    call(method, where) {
      written.push(`${method} ${where}`);
      return Promise.resolve(undefined);
    },
    post: unused,
    delete: unused,
    // Of the image nothing is there yet.
    head: () => Promise.reject(new AgentError('NOT_FOUND', 'Not there.')),
    stream: unused,
    open: unused,
    hijack: unused,
  };
  const files = [{ secret: 'key', path, mode: 0o400, uid: 0, gid: 0 }];
  const delivery = { references: { variables: [], files }, values: new Map([['key', 'value']]) };
  await putFiles(engine, 'box', delivery, new AbortController().signal);
  return written;
}

test.each([
  ['a volume or a folder', { Mounts: [{ Type: 'volume', Destination: '/run/secrets' }] }],
  ['a volume of its image', { Mounts: [{ Destination: '/run/' }] }],
  ['a file system in memory', { HostConfig: { Tmpfs: { '/run/': 'size=1m' } } }],
  ['a mount that is asked for', { HostConfig: { Mounts: [{ Target: '/run' }] } }],
  ['a mount of that very file', { Mounts: [{ Destination: '/run/secrets/key' }] }],
])('a secret is not written into %s', async (_what, inspected) => {
  await expect(put('/run/secrets/key', inspected)).rejects.toMatchObject({ code: 'CONFLICT' });
});

test.each(['/dev/shm/key', '/proc/key', '/etc/hosts'])(
  'a secret is not written to %s, where every container has something else',
  async (path) => {
    await expect(put(path, {})).rejects.toMatchObject({ code: 'CONFLICT' });
  },
);

test('a secret is not written into a file system that is read-only', async () => {
  await expect(put('/run/secrets/key', { HostConfig: { ReadonlyRootfs: true } })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('Give it as a variable') as unknown,
  });
});

test('beside mounts it is', async () => {
  const inspected = { Mounts: [{ Destination: '/run/secrets-of-others' }], HostConfig: { Tmpfs: null } };
  expect(await put('/run/secrets/key', inspected)).toEqual(['PUT /containers/box/archive']);
});

const references = {
  variables: [],
  files: [{ secret: 'key', path: '/run/secrets/key', mode: 0o400, uid: 0, gid: 0 }],
};
const label = { [secretsLabel]: labelOf(references) };
const others = { [secretsLabel]: labelOf({ variables: [{ name: 'A', secret: 'other' }], files: [] }) };

test.each([
  ['says so itself', label, {}, true],
  ['says so, and its image something else', label, others, true],
  ['says nothing', {}, {}, false],
  ['says something else', others, {}, false],
  ['has it from its image alone', label, label, false],
  ['has an image that is gone', label, null, false],
])('a container that %s is one that secrets are meant for or not', async (_what, own, image, expected) => {
  const engine = {
    get: (path: string) => {
      if (path.startsWith('/containers/')) return Promise.resolve({ Image: 'of', Config: { Labels: own } });
      return image
        ? Promise.resolve({ Config: { Labels: image } })
        : Promise.reject(new AgentError('NOT_FOUND', 'It is gone.'));
    },
  };
  expect(await isMadeFor(engine, 'box', references)).toBe(expected);
});
