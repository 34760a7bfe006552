import { expect, test } from 'vitest';
import { problemsOf } from './container-rules.ts';
import type { ContainerSpec } from './container-spec.ts';
import { labelOf, readLabel, referencesOf, secretNames } from './secret-references.ts';

const wrong = (spec: Partial<ContainerSpec>): string[] =>
  problemsOf({ image: 'app', ...spec }).map(({ path }) => path.join('.'));

const both = {
  secretVariables: [{ name: 'PASSWORD', secret: 'db_password' }],
  secretFiles: [
    { secret: 'db_password' },
    { secret: 'tls.key', path: '/etc/tls/key', mode: 0o440, uid: 5, gid: 6 },
  ],
};

test('references are read from a label as they were written to it, with what was left out', () => {
  const references = referencesOf(both);
  expect(references.files[0]).toEqual({
    secret: 'db_password',
    path: '/run/secrets/db_password',
    mode: 0o400,
    uid: null,
    gid: null,
  });
  expect(readLabel(labelOf(references))).toEqual(references);
  expect(secretNames(references)).toEqual(['db_password', 'tls.key']);
});

test.each(['', 'null', '[]', '{"variables":1}', '{"files":[null,{"secret":1}]}', undefined])(
  'a label %j refers to nothing',
  (label) => {
    expect(readLabel(label)).toEqual({ variables: [], files: [] });
  },
);

test('what may be asked for is told apart from what may not, at its place', () => {
  expect(wrong(both)).toEqual([]);
  expect(wrong({ secretVariables: [{ name: 'A B', secret: '../x' }] })).toEqual([
    'secretVariables.0.name',
    'secretVariables.0.secret',
  ]);
  expect(
    wrong({ environment: [{ name: 'A', value: '' }], secretVariables: [{ name: 'A', secret: 's' }] }),
  ).toEqual(['secretVariables.0.name']);
  const file = (path: string) => wrong({ secretFiles: [{ secret: 's', path }] });
  for (const path of ['s', '/', '/a/../b', '/a//b', '/a b', `/${'a'.repeat(100)}`]) {
    expect([path, ...file(path)]).toEqual([path, 'secretFiles.0.path']);
  }
  expect(wrong({ secretFiles: [{ secret: 's' }, { secret: 't', path: '/run/secrets/s' }] })).toEqual([
    'secretFiles.1.path',
  ]);
  expect(wrong({ secretFiles: [{ secret: 's', mode: 0o1000, uid: -1, gid: 2_097_152 }] })).toEqual([
    'secretFiles.0.mode',
    'secretFiles.0.uid',
    'secretFiles.0.gid',
  ]);
  expect(wrong({ secretFiles: Array.from({ length: 33 }, () => ({ secret: 's' })) })).toEqual([
    'secretFiles',
  ]);
});

test('a file does not go where a mount would hide or keep it, nor into a file system that is read only', () => {
  const secretFiles = [{ secret: 's' }];
  expect(wrong({ secretFiles, mounts: [{ kind: 'TMPFS', target: '/run' }] })).toEqual(['secretFiles.0.path']);
  expect(wrong({ secretFiles, mounts: [{ kind: 'TMPFS', target: '/ru' }] })).toEqual([]);
  expect(wrong({ secretFiles, readOnly: true })).toEqual(['secretFiles']);
});

test('the label that tells references is nobody else’s to set', () => {
  const labels = [{ key: 'io.serverkit.secrets', value: labelOf(referencesOf(both)) }];
  expect(wrong({ labels })).toEqual(['labels.0.key']);
});
