import { expect, test } from 'vitest';
import { volumeProblem } from './mounts.ts';

type Options = Readonly<Record<string, string>>;

test.each<[string, Options]>([
  ['no options', {}],
  ['memory', { type: 'tmpfs', device: 'tmpfs' }],
  ['so much memory', { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000,mode=0700' }],
])('%s takes no privilege', (_what, options) => {
  expect(volumeProblem('local', options)).toBeUndefined();
});

test.each<[string, Options]>([
  ["the host's root", { type: 'none', device: '/', o: 'bind' }],
  ["the host's root without a type", { device: '/', o: 'bind' }],
  ['a bind that calls itself memory', { type: 'tmpfs', device: 'tmpfs', o: 'bind' }],
  ['a bind among options of memory', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,bind' }],
  ['memory of another source', { type: 'tmpfs', device: '/etc' }],
  ['a disk', { type: 'ext4', device: '/dev/sda1' }],
  ['an overlay', { type: 'overlay', device: 'overlay', o: 'lowerdir=/,upperdir=/u,workdir=/w' }],
  ["somebody's network", { type: 'nfs', device: ':/x', o: 'addr=10.0.0.1' }],
  ['an option nobody knows', { type: 'tmpfs', device: 'tmpfs', extra: 'x' }],
  ['a size of the volume itself', { size: '10G' }],
])('%s takes it', (_what, options) => {
  expect(volumeProblem('local', options)).toBeDefined();
});

test('a plugin takes it', () => {
  expect(volumeProblem('rclone', {})).toContain('plugin');
});
