import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ruleText } from './rules.ts';

/** The words of the rules that the API and the agent share, which knows no language. */
const source = readFileSync(
  path.resolve(import.meta.dirname, '../../../../../wire/container-rules.ts'),
  'utf8',
);

test('everything that may be wrong with a container is said in French as well', () => {
  const said = [...source.matchAll(/'((?:must|is|goes|does|cannot|gives|counts|leaves) [^'\n]*)'/g)].map(
    ([, message = '']) => message,
  );
  expect(said.length).toBeGreaterThan(40);
  const whole = [
    ...said,
    'of a volume must be 2 to 128 letters, digits, dots, dashes or underscores',
    'must have at most 1000 entries',
    'must be a whole number from 1',
    'must be a whole number from 1 to 65535',
  ];
  expect(whole.filter((message) => ruleText(message) === message)).toEqual([]);
});
