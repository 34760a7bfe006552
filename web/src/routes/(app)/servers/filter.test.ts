import { expect, test } from 'vitest';
import { fromSaved, isFiltered, sameFilter, toSaved, unfiltered, type Filter } from './filter.ts';

const filter: Filter = { q: 'web', status: ['OFFLINE'], tag: ['eu', 'prod'], group: 'grp_1' };

test('what is saved comes back', () => {
  expect(toSaved(filter)).toEqual({
    text: 'web',
    statuses: ['OFFLINE'],
    tags: ['eu', 'prod'],
    groupId: 'grp_1',
  });
  expect(fromSaved({ text: 'web', statuses: ['OFFLINE'], tags: ['eu', 'prod'], groupId: 'grp_1' })).toEqual(
    filter,
  );
});

test('what filters nothing is not saved', () => {
  expect(toSaved(unfiltered)).toEqual({});
  expect(isFiltered(unfiltered)).toBe(false);
  expect(isFiltered({ ...unfiltered, group: 'none' })).toBe(true);
});

test('the order in which parts were chosen makes no other filter', () => {
  expect(sameFilter(filter, { ...filter, tag: ['prod', 'eu'] })).toBe(true);
  expect(sameFilter(filter, { ...filter, group: '' })).toBe(false);
});
