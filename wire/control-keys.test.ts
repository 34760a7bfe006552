import { describe, expect, it } from 'vitest';
import { generateSigningKey, toBase64Url, type SigningKey } from './bytes.ts';
import {
  followKeySets,
  formatPinnedHint,
  isNewer,
  maxKeySets,
  parsePinnedHint,
  pinsOf,
  signKeySet,
  type KeySet,
  type PinnedKeySet,
} from './control-keys.ts';

const names = ['c1', 'c2', 'c3', 'c4', 'r1', 'r2', 'thief', 'loot'] as const;
const keys = new Map(names.map((name) => [name, generateSigningKey()]));
type Name = (typeof names)[number];
function key(name: Name): SigningKey {
  const found = keys.get(name);
  if (!found) throw new Error(name);
  return found;
}
const raw = (name: Name): string => toBase64Url(key(name).publicRaw);

/** As `c1 c2 r1 @0.5`: current, next, recovery, generation and serial. */
function set(current: Name, next: Name, recovery: Name, generation: number, serial: number): KeySet {
  return { v: 1, generation, serial, current: raw(current), next: raw(next), recovery: raw(recovery) };
}
function pinned({ generation, serial, ...rest }: KeySet): PinnedKeySet {
  return { generation, serial, keys: pinsOf(rest) };
}

const first = set('c1', 'c2', 'r1', 0, 10);
const second = set('c2', 'c3', 'r1', 0, 20);
const third = set('c3', 'c4', 'r1', 0, 30);

describe('an agent that pinned the first set', () => {
  const agent = pinned(first);

  it.each([
    ['the next key takes over', [signKeySet(key('c2'), second)], second],
    ['it was away for two changes', [signKeySet(key('c2'), second), signKeySet(key('c3'), third)], third],
    [
      'the current key announces another next one',
      [signKeySet(key('c1'), set('c1', 'c4', 'r1', 0, 11))],
      set('c1', 'c4', 'r1', 0, 11),
    ],
    [
      'the recovery key speaks',
      [signKeySet(key('r1'), set('c3', 'c4', 'r2', 1, 1))],
      set('c3', 'c4', 'r2', 1, 1),
    ],
    [
      'it is told what it knows and more',
      [signKeySet(key('c1'), first), signKeySet(key('c2'), second)],
      second,
    ],
    [
      'a forged one is put in front of the true one',
      [signKeySet(key('thief'), set('thief', 'loot', 'r1', 0, 19)), signKeySet(key('c2'), second)],
      second,
    ],
  ])('goes on when %s', (_what, sets, end) => {
    expect(followKeySets(agent, JSON.parse(JSON.stringify(sets)))).toEqual(pinned(end));
  });

  it.each([
    ['nothing', undefined],
    ['no list', { length: 1 }],
    ['an empty list', []],
    ['nonsense', [null, 1, 'x', {}, { payload: '{}', keyId: '', signature: '' }]],
    ['the change after the next, with the link in between left out', [signKeySet(key('c3'), third)]],
    [
      'the current key putting in one it never announced',
      [signKeySet(key('c1'), set('thief', 'loot', 'r1', 0, 20))],
    ],
    ['the next key signed for by the current one, without its own consent', [signKeySet(key('c1'), second)]],
    [
      'another recovery key, without the word of the first',
      [signKeySet(key('c2'), set('c2', 'c3', 'thief', 0, 20))],
    ],
    [
      'a new generation, without the word of the recovery key',
      [signKeySet(key('c2'), set('c2', 'c3', 'r1', 1, 1))],
    ],
    ['a new generation of somebody’s own', [signKeySet(key('thief'), set('thief', 'loot', 'thief', 1, 1))]],
    ['the recovery key within a generation', [signKeySet(key('r1'), set('thief', 'loot', 'r1', 0, 20))]],
    ['an older set', [signKeySet(key('c1'), set('c1', 'c4', 'r1', 0, 9))]],
    ['the same version with another next key', [signKeySet(key('c1'), set('c1', 'c4', 'r1', 0, 10))]],
    [
      'a payload changed after it was signed',
      [{ ...signKeySet(key('c2'), second), payload: JSON.stringify(set('c2', 'loot', 'r1', 0, 20)) }],
    ],
    [
      'a key’s name over another one’s signature',
      [{ ...signKeySet(key('thief'), second), keyId: key('c2').id }],
    ],
    ['a number that is none', [signKeySet(key('c2'), { ...second, serial: Number.MAX_VALUE })]],
    ['too many at once', Array.from({ length: maxKeySets + 1 }, () => signKeySet(key('c2'), second))],
  ])('stays with it when shown %s', (_what, sets) => {
    expect(followKeySets(agent, sets)).toBe(agent);
  });
});

it('an agent of a repaired control plane believes nothing of the time before', () => {
  const repaired = pinned(set('c3', 'c4', 'r2', 100, 100));
  const before = [
    signKeySet(key('c2'), set('c2', 'c3', 'r1', 0, 10_000)),
    signKeySet(key('r1'), set('thief', 'loot', 'r1', 200, 200)),
  ];
  expect(followKeySets(repaired, before)).toBe(repaired);
});

it('versions are ordered by generation, then by serial', () => {
  expect(isNewer({ generation: 1, serial: 0 }, { generation: 0, serial: 9 })).toBe(true);
  expect(isNewer({ generation: 0, serial: 9 }, { generation: 1, serial: 0 })).toBe(false);
  expect(isNewer({ generation: 1, serial: 1 }, { generation: 1, serial: 1 })).toBe(false);
});

describe('the hint of what an agent pinned', () => {
  it('goes there and back', () => {
    expect(parsePinnedHint(formatPinnedHint(pinned(first)))).toEqual({
      generation: 0,
      serial: 10,
      currentId: key('c1').id,
    });
  });
  it.each([
    '',
    '1',
    '1.2',
    '1.2.short',
    `-1.2.${key('c1').id}`,
    `1.2.${key('c1').id}x`,
    `9999999999999999.1.${key('c1').id}`,
  ])('is not %j', (text) => {
    expect(parsePinnedHint(text)).toBeNull();
  });
});
