import { expect, test } from 'vitest';
import { changesTo } from './version-change.ts';

const container = (imageId: string, configHash: string) => ({
  containerId: imageId,
  name: imageId,
  state: 'RUNNING' as const,
  health: null,
  exitCode: null,
  image: 'app:1',
  imageId: `sha256:${imageId}`,
  configHash,
});
const service = (name: string, imageId: string, configHash: string) => ({
  service: name,
  image: 'app:1',
  imageId: `sha256:${imageId}`,
  configHash,
});

test('going back is told by what runs: another image under the same name counts, and so do settings', () => {
  const version = {
    services: [
      service('gone', 'aa', '1'),
      service('image', 'bb', '1'),
      service('same', 'aa', '1'),
      service('settings', 'aa', '2'),
    ],
  };
  const now = [
    { name: 'image', containers: [container('aa', '1')] },
    { name: 'new', containers: [container('aa', '1')] },
    { name: 'same', containers: [container('aa', '1')] },
    { name: 'settings', containers: [container('aa', '1')] },
  ];
  expect(changesTo(version, now)).toEqual([
    { service: 'gone', kind: 'CREATE', images: null, settings: false },
    { service: 'image', kind: 'RECREATE', images: ['app:1 (aa)', 'app:1 (bb)'], settings: false },
    { service: 'new', kind: 'REMOVE', images: null, settings: false },
    { service: 'same', kind: 'NONE', images: null, settings: false },
    { service: 'settings', kind: 'RECREATE', images: null, settings: true },
  ]);
});
