import { expect, test } from 'vitest';
import { changedKeys } from './changed-keys.ts';

const file = (web: string) => `services:\n  web:\n${web.replaceAll(/^/gm, '    ')}\n  db:\n    image: y\n`;

test('names what differs, into maps', () => {
  const before = file('image: x\nenvironment: { A: 1, B: 2 }\nports: ["80:80"]');
  const after = file('image: x\nenvironment: { A: 1, B: 3 }\nports: ["81:80"]\nrestart: always');
  expect(changedKeys(before, after).get('web')).toEqual(['environment.B', 'ports', 'restart']);
  expect(changedKeys(before, after).get('db')).toEqual([]);
});

test('how a file is written does not matter, nor services that one of them has not', () => {
  const before = file('image: x\nlabels:\n  a: b');
  const after = `${file('labels: { a: b } # same\nimage: "x"')}  new:\n    image: z\n`;
  expect(changedKeys(before, after).get('web')).toEqual([]);
  expect(changedKeys(before, after).has('new')).toBe(false);
});

test('of a file that cannot be read nothing is known', () => {
  expect(changedKeys('services: [', file('image: x')).size).toBe(0);
  expect(changedKeys('- a list', file('image: x')).size).toBe(0);
});
