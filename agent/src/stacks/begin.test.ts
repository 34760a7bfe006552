import { expect, test } from 'vitest';
import { secretsIn } from './begin.ts';

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
