import { expect, test } from 'vitest';
import { isRegistryHost, parseImageReference, registryHost, shownReference } from './image-reference.ts';

const sum = `sha256:${'a'.repeat(64)}`;

test.each([
  ['nginx', 'docker.io', 'library/nginx', null, 'nginx:latest'],
  ['team/app:1.2', 'docker.io', 'team/app', '1.2', 'team/app:1.2'],
  ['index.docker.io/library/nginx:1', 'docker.io', 'library/nginx', '1', 'nginx:1'],
  ['ghcr.io/team/deep/app:x', 'ghcr.io', 'team/deep/app', 'x', 'ghcr.io/team/deep/app:x'],
  ['localhost/app', 'localhost', 'app', null, 'localhost/app:latest'],
  ['127.0.0.1:5000/app', '127.0.0.1:5000', 'app', null, '127.0.0.1:5000/app:latest'],
  ['[::1]:5000/app:1', '[::1]:5000', 'app', '1', '[::1]:5000/app:1'],
  ['Registry.Example/app:1', 'Registry.Example', 'app', '1', 'Registry.Example/app:1'],
])('%s names its registry, path and tag', (text, host, path, tag, shown) => {
  const reference = parseImageReference(text);
  expect(reference).toEqual({ host, path, tag, digest: null });
  expect(reference && shownReference(reference)).toBe(shown);
});

test('a digest stands beside a tag or alone', () => {
  const both = parseImageReference(`app:1@${sum}`);
  expect(both).toMatchObject({ tag: '1', digest: sum });
  const alone = parseImageReference(`app@${sum}`);
  expect(alone && shownReference(alone)).toBe(`app@${sum}`);
});

test.each([
  '',
  'App',
  'a b',
  '-app',
  'app:',
  'app:-x',
  'app@sha256:abc',
  '../app',
  'a//b',
  'app?x=1',
  'host:port/app',
  'a.b:999999/app',
  'app\n',
  'é/app',
  `${'a'.repeat(256)}:1`,
])('%j is no reference', (text) => {
  expect(parseImageReference(text)).toBeUndefined();
});

test('hosts are told from other text, and docker.io has one name', () => {
  expect(['ghcr.io', 'localhost:5000', '[::1]:5000', '10.0.0.1'].every(isRegistryHost)).toBe(true);
  expect(['https://ghcr.io', 'ghcr.io/team', 'a b', '', 'user@host', 'x:y'].some(isRegistryHost)).toBe(false);
  expect(['Docker.io', 'index.docker.io', 'registry-1.docker.io'].map(registryHost)).toEqual(
    Array<string>(3).fill('docker.io'),
  );
});
