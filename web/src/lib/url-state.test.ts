import { describe, expect, test } from 'vitest';
import { flag, manyOf, oneOf, readState, textParameter, words, writeState } from './url-state.ts';

const shape = {
  q: textParameter(),
  status: manyOf(['ONLINE', 'OFFLINE', 'ERROR']),
  sort: oneOf(['name', 'cpu'], 'name'),
  desc: flag(),
  tag: words(),
};
const defaults = { q: '', status: [], sort: 'name', desc: false, tag: [] } as const;
const read = (search: string) => readState(shape, new URLSearchParams(search));

describe('reading', () => {
  test('nothing gives the defaults', () => expect(read('')).toEqual(defaults));

  test('what is there is taken', () => {
    expect(read('?q=web 1&status=ERROR,ONLINE&sort=cpu&desc=1&tag=a,b')).toEqual({
      q: 'web 1',
      status: ['ONLINE', 'ERROR'],
      sort: 'cpu',
      desc: true,
      tag: ['a', 'b'],
    });
  });

  test('what is not understood is left out', () => {
    expect(read('?status=ONLINE,NONSENSE&sort=constructor')).toEqual({ ...defaults, status: ['ONLINE'] });
  });
});

describe('writing', () => {
  test('defaults are not written', () => expect(writeState(shape, defaults)).toBe(''));

  test('parameters of others stay', () => {
    expect(writeState(shape, { ...defaults, sort: 'cpu' }, '?tab=logs&q=old')).toBe('?tab=logs&sort=cpu');
  });

  test('what was written is read back, separators in words included', () => {
    const state = {
      q: 'a&b=c',
      status: ['OFFLINE'],
      sort: 'cpu',
      desc: true,
      tag: ['eu,west', '50%'],
    } as const;
    expect(read(writeState(shape, state))).toEqual(state);
  });
});
