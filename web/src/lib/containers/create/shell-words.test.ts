import { describe, expect, test } from 'vitest';
import { shellLine, shellText } from './shell-words.ts';

const words = (text: string) => shellLine(text).words;

describe('a line is taken apart as a shell does', () => {
  test.each([
    ['blanks between words', '  a \t b  ', ['a', 'b']],
    ['single quotes keep everything', `a 'b  "$c" \\d'`, ['a', 'b  "$c" \\d']],
    ['double quotes keep blanks', 'a "b  c"', ['a', 'b  c']],
    ['signs that are escaped between double quotes', String.raw`"\"\\\$\a"`, [String.raw`"\$\a`]],
    ['quotes within a word', `a'b c'd"e f"`, ['ab cde f']],
    ['a word of nothing', `a '' ""`, ['a', '', '']],
    ['a blank that is escaped', String.raw`a\ b`, ['a b']],
    ['a line that goes on in the next', 'a \\\n  b\\\nc', ['a', 'bc']],
    ['as it comes from Windows', 'a \\\r\n  b', ['a', 'b']],
    ['as PowerShell writes it', 'a `\n  b', ['a', 'b']],
    ['as cmd.exe writes it', 'a ^\r\n  b', ['a', 'b']],
    ['a quote that goes over lines', "a 'b\nc'", ['a', 'b\nc']],
    ['a line that goes on between double quotes', '"a\\\nb"', ['ab']],
    ['a comment', '# first\na b # c', ['a', 'b']],
    ['a hash within a word is none', 'a#b', ['a#b']],
    ['a comment within a line', 'a `#optional` \\\n b `# if you like` c', ['a', 'b', 'c']],
    ['a comment after the sign that a line goes on', 'a \\ # first\n b \\# c', ['a', 'b', '#', 'c']],
    ['a comment between lines', 'a \\\n  # -b \\\n  # -c\n  d', ['a', 'd']],
    ['blanks after the sign that a line goes on', 'a \\ \t\n  b', ['a', 'b']],
  ])('%s', (_, line, expected) => expect(words(line)).toEqual(expected));
});

test('what a shell would have expanded is kept as it is, and told', () => {
  const line = shellLine('a $PWD/b "${HOME}" $(id -u) \'$not\' `date`');
  expect(line.words).toEqual(['a', '$PWD/b', '${HOME}', '$(id -u)', '$not', '`date`']);
  expect(line.unexpanded).toEqual(['$PWD', '${HOME}', '$(id -u)', '`date`']);
});

test.each(['&& c d', '; c d', '| c d', '> c', '\nc d'])('what follows the command is told: %j', (rest) => {
  expect(shellLine(`a b ${rest}`)).toMatchObject({ words: ['a', 'b'], rest: rest.trim() });
});

test('a quote that is never closed is told', () => {
  expect(shellLine(`a "b c`)).toMatchObject({ words: ['a', 'b c'], open: '"' });
  expect(shellLine(`a 'b`)).toMatchObject({ words: ['a', 'b'], open: "'" });
  expect(shellLine(`a 'b'`).open).toBeNull();
});

test.each([
  [['sh', '-c', 'echo "it\'s $HOME" && true']],
  [['', ' ', "'", '"', '\\', '\n', '$x', '`', '#', ';', 'é']],
  [['--flag=a,b', 'user@host:/path_1.2']],
])('words put into a line come out of it again: %j', (given) => {
  expect(words(shellText(given))).toEqual(given);
});
