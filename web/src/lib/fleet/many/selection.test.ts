import { describe, expect, test } from 'vitest';
import { selected } from './selection.ts';

const servers = [
  { id: 'srv_a', row: { tags: ['web', 'eu'], group: { id: 'grp_inner' } } },
  { id: 'srv_b', row: { tags: ['web'], group: { id: 'grp_outer' } } },
  { id: 'srv_c', row: { tags: [], group: null } },
];
const within = (id: string) => new Set(id === 'grp_outer' ? ['grp_outer', 'grp_inner'] : [id]);

describe('servers that are meant', () => {
  test.each([
    [
      'by name are those, in that order',
      { by: 'servers', serverIds: ['srv_c', 'srv_a'] },
      ['srv_c', 'srv_a'],
    ],
    ['by name are none that went meanwhile', { by: 'servers', serverIds: ['srv_gone', 'srv_b'] }, ['srv_b']],
    ['by tag are all that carry it', { by: 'tag', tag: 'web' }, ['srv_a', 'srv_b']],
    ['by a tag that nobody carries are none', { by: 'tag', tag: 'db' }, []],
    [
      'by group are those of the groups in it, too',
      { by: 'group', groupId: 'grp_outer' },
      ['srv_a', 'srv_b'],
    ],
    ['before a tag is chosen are none', { by: 'tag', tag: '' }, []],
    ['before a group is chosen are none', { by: 'group', groupId: '' }, []],
  ] as const)('%s', (_name, selection, ids) => {
    expect(selected(selection, servers, within)).toEqual(ids);
  });
});
