import { expect, test } from 'vitest';
import { gitProtocol, isGitBranch, isGitPath } from './git-source.ts';

test.each([
  ['https://github.com/team/app.git', 'https'],
  ['https://git.example:8443/a/b/c', 'https'],
  ['ssh://git@git.example:2222/team/app.git', 'ssh'],
  ['git@github.com:team/app.git', 'ssh'],
  ['git@git.example:/srv/app.git', 'ssh'],
])('%s is reached by %s', (address, protocol) => {
  expect(gitProtocol(address)).toBe(protocol);
});

test.each([
  'http://github.com/team/app.git',
  'ext::sh -c "touch /tmp/x"',
  'ext::sh',
  'file:///etc',
  '/srv/app.git',
  'git://github.com/team/app.git',
  'https://ada:secret@github.com/team/app.git',
  'https://github.com/team/app.git?a=b',
  'https://github.com/../app.git',
  'https://-oProxyCommand=x/app.git',
  'ssh://-oProxyCommand=x/app.git',
  '-oProxyCommand=x@host:app.git',
  'git@-host:app.git',
  '--upload-pack=touch /tmp/x',
  'git@host:-x',
  'git@host:a b',
  `https://github.com/${'a'.repeat(600)}`,
  '',
])('%j is no address of a repository', (address) => {
  expect(gitProtocol(address)).toBeUndefined();
});

test('a branch is called what Git lets it be called, and never like an option', () => {
  expect(['main', 'release/1.2', 'ünï'].filter((name) => !isGitBranch(name))).toEqual([]);
  const wrong = [
    '--upload-pack=x',
    '-b',
    'a..b',
    'a b',
    'a~1',
    'a:b',
    'a*',
    '/a',
    'a/',
    'a.lock',
    '@{1}',
    '.a',
    '',
  ];
  expect(wrong.filter(isGitBranch)).toEqual([]);
});

test('a path leads to a file of the repository, and neither out of it nor into its own', () => {
  expect(['compose.yaml', 'a/b c/docker-compose.yml'].filter((path) => !isGitPath(path))).toEqual([]);
  const wrong = [
    '',
    '/etc/passwd',
    '../x',
    'a/../x',
    './x',
    'a//b',
    '.git/config',
    'a/.GIT/x',
    'a\\b',
    'a\nb',
    '.git ./x',
  ];
  expect(wrong.filter(isGitPath)).toEqual([]);
});
