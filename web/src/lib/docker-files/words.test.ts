import { expect, test } from 'vitest';
import { isAddressable, isFit, modeWord, pathIn, shownName, trail } from './words.ts';

test.each([
  [0o755, 'rwxr-xr-x'],
  [0o640, 'rw-r-----'],
  [0o1777, 'rwxrwxrwt'],
  [0o1666, 'rw-rw-rwT'],
  [0o4755, 'rwsr-xr-x'],
  [0o2640, 'rw-r-S---'],
  [0, '---------'],
])('%o reads %s, as ls writes it', (mode, word) => {
  expect(modeWord(mode)).toBe(word);
});

test('a name is shown in one line and in its own order', () => {
  expect(shownName('two\nlines')).toBe('two\u{fffd}lines');
  expect(shownName('invoice\u202efdp.exe')).toBe('invoice\u{fffd}fdp.exe');
  expect(shownName('été')).toBe('été');
  expect([isAddressable('two\nlines'), isAddressable('bytes\u{fffd}')]).toEqual([true, false]);
});

test('a name leads nowhere else', () => {
  expect(['a b', '...', '.env', 'a/b', '/', '.', '..'].filter(isFit)).toEqual(['a b', '...', '.env']);
});

test('paths go down from the root', () => {
  expect(pathIn('/', 'a')).toBe('/a');
  expect(pathIn('/a', 'b c')).toBe('/a/b c');
  expect(trail('/')).toEqual([{ name: '/', path: '/' }]);
  expect(trail('/a/b').map(({ path }) => path)).toEqual(['/', '/a', '/a/b']);
});
