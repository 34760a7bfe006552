import { expect, test } from 'vitest';
import { suggestions } from './compose-complete.ts';
import { namesIn, placeIn } from './compose-place.ts';

/** The text with a bar where the cursor is. */
function at(text: string): { path: string; key: string | null; typed: string; labels: string[] } | null {
  const place = placeIn(text.replace('|', ''), text.indexOf('|'));
  if (!place) return null;
  const { path, key, typed } = place;
  const labels = suggestions(text.replace('|', ''), place).map(({ label }) => label);
  return { path: path.join('.'), key, typed, labels };
}

test.each<[string, string, string, string[]]>([
  ['the top', 'ser|', '', ['services']],
  ['a service', 'services:\n  web:\n    im|', 'services.web', ['image']],
  ['an empty line of a service', 'services:\n  web:\n    image: x\n    |', 'services.web', ['ports']],
  ['a map in a service', 'services:\n  web:\n    build:\n      |', 'services.web.build', ['dockerfile']],
  [
    'a map in an item of a list',
    'services:\n  web:\n    volumes:\n      - type: bind\n        |',
    'services.web.volumes.[]',
    ['source', 'target'],
  ],
  [
    'the first key of an item',
    'services:\n  web:\n    ports:\n      - tar|',
    'services.web.ports.[]',
    ['target'],
  ],
  [
    'a list that stands below its key without being indented',
    'services:\n  web:\n    ports:\n    - 80:80\n    - |',
    'services.web.ports.[]',
    ['published'],
  ],
  [
    'the second service',
    'services:\n  web:\n    ports:\n      - 80:80\n  db:\n    |',
    'services.db',
    ['image'],
  ],
  ['a volume', 'services: {}\nvolumes:\n  data:\n    |', 'volumes.data', ['driver', 'driver_opts']],
  [
    'the limits of a service',
    'services:\n  web:\n    deploy:\n      resources:\n        limits:\n          |',
    'services.web.deploy.resources.limits',
    ['cpus', 'memory', 'pids'],
  ],
])('keys are known by where they stand: %s', (_what, text, path, labels) => {
  const found = at(text);
  expect(found?.path).toBe(path);
  expect(found?.labels).toEqual(expect.arrayContaining(labels));
});

test.each<[string, string, string[]]>([
  ['a closed set', 'services:\n  web:\n    restart: un|', ['no', 'always', 'on-failure', 'unless-stopped']],
  [
    'other services of the file',
    'services:\n  web:\n    depends_on:\n      - |\n  db:\n    image: x\n  cache:\n    image: y\n',
    ['db', 'cache'],
  ],
  ['other services as keys', 'services:\n  web:\n    depends_on:\n      |\n  db:\n    image: x\n', ['db']],
  [
    'networks of the file',
    'services:\n  web:\n    networks:\n      - |\nnetworks:\n  front: {}\n  back: {}\n',
    ['front', 'back'],
  ],
])('values are offered: %s', (_what, text, labels) => {
  expect(at(text)?.labels).toEqual(labels);
});

test('keys that the map has already are not offered again, above or below', () => {
  const found = at(
    'services:\n  web:\n    image: x\n    |\n    ports:\n      - 80:80\n  db:\n    command: y\n',
  );
  expect(found?.labels).not.toContain('image');
  expect(found?.labels).not.toContain('ports');
  expect(found?.labels).toContain('command');
});

test('below a key that holds a map or a list, writing goes on there', () => {
  const text = 'services:\n  web:\n    ';
  const place = placeIn(text, text.length);
  if (!place) throw new Error('there is a place');
  const applied = new Map(suggestions(text, place).map(({ label, apply }) => [label, apply]));
  expect(applied.get('image')).toBe('image: ');
  expect(applied.get('ports')).toBe('ports:\n      - ');
  expect(applied.get('build')).toBe('build:\n      ');
});

test('nothing is offered in comments, quotes, tabs and the short forms', () => {
  for (const text of ['# ser|', 'name: "a|', '\tser|', 'services: { we|']) expect(at(text)).toBeNull();
});

test('names of a section are those right below it', () => {
  const text =
    'services:\n  # a comment\n  web:\n    image: x\n  "my db":\n    image: y\nvolumes:\n  data:\n';
  expect(namesIn(text, 'services')).toEqual(['web', 'my db']);
  expect(namesIn(text, 'volumes')).toEqual(['data']);
  expect(namesIn(text, 'networks')).toEqual([]);
});
