import { expect, test } from 'vitest';
import type { SeenContainer } from '../containers/service.ts';
import { followed, identityOf } from './identity.ts';

const labels = (project: string, service: string, number: string) => [
  { key: 'com.docker.compose.project', value: project },
  { key: 'com.docker.compose.service', value: service },
  { key: 'com.docker.compose.container-number', value: number },
];
type Named = Pick<SeenContainer['container'], 'name' | 'labels'> & { readonly id: string };
const container = (id: string, name: string, own: Named['labels'] = []): Named => ({ id, name, labels: own });

test('a container that was made anew is followed by its name', () => {
  const before = identityOf(container('old', 'web'));
  const now = [container('other', 'db'), container('new', 'web')];
  expect(followed(before, now)?.id).toBe('new');
});

test('one that Compose made is followed by its place in the project as well', () => {
  const before = identityOf(container('old', 'shop-web-1', labels('shop', 'web', '1')));
  expect(followed(before, [container('new', 'shop-web-1', labels('shop', 'web', '1'))])?.id).toBe('new');
  expect(followed(before, [container('new', 'shop-web-1', labels('shop', 'worker', '1'))])).toBeUndefined();
  expect(followed(before, [container('new', 'shop-web-1')])).toBeUndefined();
});
