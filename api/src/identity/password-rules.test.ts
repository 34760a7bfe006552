import { describe, expect, test } from 'vitest';
import { passwordProblem } from './password-rules.ts';

const email = 'ada.lovelace@example.com';

describe('a password', () => {
  test.each([
    'correct horse battery staple',
    'gr8-pump-violet',
    'мой длинный пароль',
    '十二文字以上の長い合言葉です',
  ])('%s will do', (password) => expect(passwordProblem(password, email)).toBeUndefined());

  test.each([
    ['short', 'twelve-less'],
    ['short in characters, if not in bytes', '😀'.repeat(11)],
    ['endless', 'x y'.repeat(86)],
    ['the address', 'Ada.Lovelace@example.com'],
    ['the address and a little more', 'ada.lovelace@example.com1!'],
    ['the name in the address', 'ADA.LOVELACE'],
    ['a common one', 'Password1234'],
    ['one letter', 'aaaaaaaaaaaa'],
    ['a word and again', 'hunterhunter'],
    ['the alphabet', 'abcdefghijkl'],
    ['the digits', '123456789012'],
    ['the digits backwards', '210987654321'],
  ])('must not be %s', (_, password) => {
    expect(passwordProblem(password, email)).toEqual(expect.any(String));
  });
});
