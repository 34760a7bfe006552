import { accessSync, constants } from 'node:fs';
import type { UserInfo } from 'node:os';
import path from 'node:path';
import { terminalVariable } from '../terminal.ts';

export type Account = Pick<UserInfo<string>, 'username' | 'homedir' | 'shell' | 'uid'>;

/** As login(1) sets it for root and for others, where /etc/login.defs says nothing else. */
const paths = {
  root: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  others: '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games',
};
/** What stands in place of a shell for accounts that nobody logs in to. */
const noLogin = new Set(['nologin', 'false', 'true', 'sync', 'halt', 'shutdown']);

/** @throws Error for people when nobody logs in to the account */
export function loginShell({ username, shell }: Account): string {
  const file = shell || '/bin/sh';
  if (noLogin.has(path.basename(file)))
    throw new Error(`nobody can log in as ${username}: its shell is ${file}`);
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new Error(`the shell of ${username}, ${file}, cannot be run`);
  }
  return file;
}

/** As of a fresh login: nothing of the agent's own environment comes in. */
export function environmentOf(
  { username, homedir, shell, uid }: Account,
  terminalId: string,
): Record<string, string> {
  return {
    HOME: homedir,
    USER: username,
    LOGNAME: username,
    SHELL: shell || '/bin/sh',
    PATH: uid === 0 ? paths.root : paths.others,
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    [terminalVariable]: terminalId,
  };
}
