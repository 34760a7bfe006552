import { expect, test } from 'vitest';
import { secretsAt } from './complete-secrets.ts';

const names = ['db_password', 'api.token'];

/** The labels and what they write, with a bar where the cursor is. */
function at(text: string, known = names) {
  const [line = '', after = ''] = text.split('|');
  const found = secretsAt(line, after, known);
  return (
    found && {
      typed: found.typed,
      labels: found.options.map(({ label }) => label),
      writes: found.options.map(({ apply }) => (typeof apply === 'string' ? apply : '')),
    }
  );
}

test.each([
  ['the value of a variable', '      DB: ${secret:|', ''],
  ['a value in quotes', '      - "DB=${secret:|', ''],
  ['what is begun of a name', '      DB: ${secret:db_|', 'db_'],
  ['a name with a dot', '      DB: ${secret:api.to|', 'api.to'],
])('%s is completed by names, and closed', (_title, text, typed) => {
  expect(at(text)).toEqual({ typed, labels: names, writes: ['db_password}', 'api.token}'] });
});

test('a brace that is there is not written twice', () => {
  expect(at('DB: ${secret:|}')?.writes).toEqual(names);
});

test.each([
  ['DB: ${|', ''],
  ['DB: ${se|', 'se'],
])('%s leads to them', (text, typed) => {
  expect(at(text)).toMatchObject({ typed, labels: ['secret:'] });
});

test.each(['DB: ${HOME|', 'DB: ${other|', 'DB: secret:|', 'DB: ${secret:db_password} |'])(
  '%s is none of theirs',
  (text) => expect(at(text)).toBeNull(),
);

test('nothing is offered to who may use none', () => {
  expect(at('DB: ${secret:|', [])).toBeNull();
});
