import { expect, test } from 'vitest';
import type { ImageEntry } from './images.ts';
import { imageText, selectImages, shownName, useOf } from './select.ts';

const image = (name: string, row: Partial<ImageEntry['row']> = {}, serverId = 'srv_1'): ImageEntry => ({
  key: `${serverId}/${name}`,
  serverId,
  row: {
    id: `sha256:${name.padEnd(64, '0')}`,
    tags: [`${name}:1`],
    digests: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    sizeBytes: 1,
    containers: [],
    ...row,
  },
});
const used = { containers: [{ containerId: 'c', name: 'web', running: true }] };
const all = { text: '', uses: [], servers: [], sort: 'name' } as const;
const names = (entries: readonly ImageEntry[]) => entries.map(({ row }) => shownName(row));

test('an image is called by its tag, else by its name in a registry, else by its id', () => {
  expect(shownName(image('a').row)).toBe('a:1');
  expect(shownName(image('a', { tags: [], digests: ['reg/a@sha256:1'] }).row)).toBe('reg/a');
  expect(shownName(image('abc', { tags: [] }).row)).toBe('abc000000000');
});

test('one is used, unused, or dangling when it has no tag either', () => {
  expect([image('a', used), image('b'), image('c', { tags: [] })].map(useOf)).toEqual([
    'USED',
    'UNUSED',
    'DANGLING',
  ]);
});

test('are found by words in names and server, by use and by server, and sorted', () => {
  const list = [
    image('web', { sizeBytes: 5, ...used }),
    image('db', { sizeBytes: 9 }),
    image('ww', {}, 'srv_2'),
  ];
  const serverName = (id: string) => (id === 'srv_2' ? 'zeta' : 'alpha');
  expect(names(selectImages(list, { ...all, text: 'WEB alpha' }, serverName))).toEqual(['web:1']);
  expect(names(selectImages(list, { ...all, uses: ['USED'] }, serverName))).toEqual(['web:1']);
  expect(names(selectImages(list, { ...all, servers: ['srv_2'] }, serverName))).toEqual(['ww:1']);
  expect(names(selectImages(list, { ...all, sort: 'size' }, serverName))).toEqual(['db:1', 'web:1', 'ww:1']);
});

test('what a container was made of is short where Docker tells an id', () => {
  expect(imageText(`sha256:${'0123456789ab'.repeat(6).slice(0, 64)}`)).toBe('0123456789ab');
  expect(imageText('registry.example:5000/team/shop:4')).toBe('registry.example:5000/team/shop:4');
});
