import { expect, test } from 'vitest';
import { environmentOf, loginShell } from './login.ts';

const account = { username: 'deploy', homedir: '/home/deploy', shell: '/bin/sh', uid: 1000 };

test('an environment holds what a login sets, and nothing of whoever starts it', () => {
  expect(environmentOf(account, 'trm_12345678')).toEqual({
    HOME: '/home/deploy',
    USER: 'deploy',
    LOGNAME: 'deploy',
    SHELL: '/bin/sh',
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    SERVERKIT_TERMINAL: 'trm_12345678',
  });
});

test.each(['/usr/sbin/nologin', '/bin/false'])('an account with the shell %s has none', (shell) => {
  expect(() => loginShell({ ...account, shell })).toThrow(
    `nobody can log in as deploy: its shell is ${shell}`,
  );
});

test('a shell that is not there is named', () => {
  expect(() => loginShell({ ...account, shell: '/nowhere/zsh' })).toThrow(
    'the shell of deploy, /nowhere/zsh, cannot be run',
  );
});

test('an account without a shell of its own has sh', () => {
  expect(loginShell({ ...account, shell: '' })).toBe('/bin/sh');
});
