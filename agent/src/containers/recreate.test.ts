import { expect, test } from 'vitest';
import { givesDigestsToAll } from './recreate.ts';

test('digests prove where an image came from, but not with the image store of containerd', () => {
  const containerd = { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] };
  expect(givesDigestsToAll(containerd)).toBe(true);
  expect(givesDigestsToAll({ DriverStatus: [['Backing Filesystem', 'extfs']] })).toBe(false);
  expect(givesDigestsToAll({ DriverStatus: null })).toBe(false);
});
