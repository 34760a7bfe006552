import { expect, test } from 'vitest';
import { secretsBeside, secretsIn } from './begin.ts';

const env = String.raw`# a comment
PLAIN=one
COMMENTED=two # said to nobody
QUOTED="three # no comment"
ESCAPED="four\nlines\"quoted"
export SINGLE='five'
COLON: six
MANY="seven
eight"
EMPTY=
`;

test('every value of an env file is a secret, in each way that it may be told', () => {
  const secrets = secretsIn({ compose: '', env });
  const told = [
    'one',
    'two',
    'three # no comment',
    'four\nlines"quoted',
    'lines"quoted',
    'five',
    'six',
    'eight',
  ];
  expect(secrets).toEqual(expect.arrayContaining(told));
  expect(secrets).not.toContain('');
});

test('so is what looks like a password in the Compose file, and nothing else of it', () => {
  const compose = `
services:
  web:
    image: web@sha256:${'0123456789abcdef'.repeat(4)}
    environment:
      DB_PASSWORD: "hunter2"
      - API_TOKEN=abc-def # of the test
      GREETING: hello
`;
  const secrets = secretsIn({ compose, env: '' });
  expect(secrets).toEqual(expect.arrayContaining(['hunter2', 'abc-def']));
  expect(secrets.join(' ')).not.toMatch(/hello|sha256|services/);
});

test('what a repository says in confidence is kept from what a deployment tells: in its Compose file and env files', () => {
  const file = (path: string, text: string) => ({ path, executable: false, bytes: Buffer.from(text) });
  const secrets = secretsBeside(
    { compose: 'services:\n  web:\n    environment:\n      DB_PASSWORD: hunter2\n', env: 'KEY=kept-here' },
    [
      file('app.env', 'FROM_FILE=beside'),
      file('conf/.env.production', 'DEEP=deeper'),
      file('readme.md', 'WORD=harmless'),
      file('large.env', `A=${'x'.repeat(200_000)}`),
    ],
  );
  expect(secrets).toEqual(expect.arrayContaining(['hunter2', 'kept-here', 'beside', 'deeper']));
  expect(secrets.join(' ')).not.toMatch(/harmless|xxx/);
});
