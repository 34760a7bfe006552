import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gitProtocol, isGitBranch, isGitPath } from '@serverkit/wire/git-source.ts';
import { AgentError } from '../errors.ts';
import { readIfThere } from '../files.ts';
import { runGit, type GitOutput } from './git-run.ts';

/** A repository may be large, and its server slow. Ms. */
const PATIENCE = 120_000;
const MAX_MESSAGE = 400;

/** Where a stack's files come from, with what it takes to read them. */
export interface GitSource {
  readonly url: string;
  readonly branch: string;
  /** Of the Compose file in the repository. */
  readonly path: string;
  readonly username: string | null;
  /** A password or token, for https. */
  readonly token: string | null;
  /** For ssh, as ssh-keygen writes it. */
  readonly privateKey: string | null;
  /** Lines of known_hosts(5); null or empty: the key that the host shows now is taken for its own. */
  readonly knownHosts: string | null;
}

/** A commit that a branch points to. */
export interface GitHead {
  readonly commit: string;
  /** By which the host of an ssh address is known from now on; empty for https. */
  readonly knownHosts: string;
}

/** Git with one source, in a folder that is gone afterwards. */
export interface GitRemote {
  git(args: readonly string[], input?: string): Promise<GitOutput>;
  head(): Promise<GitHead>;
  /** What the branch points to is in the repository from then on. */
  fetch(): Promise<GitHead>;
}

/** @throws AgentError INPUT_INVALID */
export function checkSource({ url, branch, path: file, token, privateKey }: GitSource): void {
  const protocol = gitProtocol(url);
  const wrong = !protocol
    ? 'The address of a repository is https://host/path, ssh://user@host/path or user@host:path, without a password.'
    : !isGitBranch(branch)
      ? 'This is not the name of a branch.'
      : !isGitPath(file)
        ? 'This is not the path of a file in a repository.'
        : token !== null && protocol !== 'https'
          ? 'A token is for an https address; ssh takes a key.'
          : privateKey !== null && protocol !== 'ssh'
            ? 'A key is for an ssh address; https takes a token.'
            : undefined;
  if (wrong !== undefined) throw new AgentError('INPUT_INVALID', wrong);
}

/** What an agent that was killed in the middle of it left behind: it may hold a key. */
export function sweepScratch(scratch: string): void {
  try {
    for (const name of readdirSync(scratch)) {
      if (/^[0-9a-f]{16}$/.test(name)) rmSync(path.join(scratch, name), { recursive: true, force: true });
    }
  } catch {
    // It is made with the first use.
  }
}

/** A folder that nobody else looks into, to be removed by who asks for it. Without symbolic links in its path. */
function makeScratch(scratch: string): string {
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const folder = path.join(realpathSync(scratch), randomBytes(8).toString('hex'));
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** A folder that nobody else looks into, for as long as it is used. Without symbolic links in its path. */
export async function withScratch<Result>(
  scratch: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = makeScratch(scratch);
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the agent's own environment: how it reaches others, and whose certificates it trusts. */
const passedOn = [
  'PATH',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
];

/** Nothing of an account's own settings, no program but ssh, no file of the repository's choosing. */
const settings = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'false'],
  ['credential.helper', ''],
  ['fetch.fsckObjects', 'true'],
  // One file, whose size is bounded.
  ['fetch.unpackLimit', '1'],
  ['gc.auto', '0'],
  // Larger ones are not unfolded in memory.
  ['core.bigFileThreshold', '16m'],
  ['pack.threads', '1'],
  ['pack.windowMemory', '64m'],
  // Else the password would be offered to wherever it is sent on to.
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '60'],
  ['protocol.allow', 'never'],
  ['protocol.https.allow', 'always'],
  ['protocol.ssh.allow', 'always'],
  ['submodule.recurse', 'false'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

export interface RemoteOptions {
  /** Of the agent's own. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * Has a source's repository at hand: a bare one without a work tree, so that Git itself writes no file that the repository
 * names. Credentials are in files of that folder, and in no command line and no variable.
 *
 * @throws AgentError
 */
export async function withRemote<Result>(
  source: GitSource,
  { scratch, signal: outer }: RemoteOptions,
  use: (remote: GitRemote) => Promise<Result>,
): Promise<Result> {
  checkSource(source);
  const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE)]);
  return withScratch(scratch, async (folder) => {
    const env = environment(source, folder);
    const git: GitRemote['git'] = (args, input) =>
      runGit({
        args: [...settings, ...args],
        env,
        cwd: folder,
        signal,
        ...(input !== undefined && { input }),
      });
    const ask = async (args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await git(args);
      if (code !== 0) throw failure(stderr, source);
      return stdout.toString();
    };
    const headOf = (commit: string): GitHead => ({ commit, knownHosts: knownHostsIn(folder, source) });
    const ref = `refs/heads/${source.branch}`;
    await ask(['init', '--quiet', '--bare', '--template=', env['GIT_DIR'] ?? '']);
    return use({
      git,
      async head() {
        const lines = (await ask(['ls-remote', '--refs', '--', source.url, ref])).split('\n');
        const found = lines.map((line) => line.split('\t')).find(([, name]) => name === ref)?.[0];
        if (found === undefined || !/^[0-9a-f]{40,64}$/.test(found)) throw noBranch(source);
        return headOf(found);
      },
      async fetch() {
        const how = ['--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--refmap='];
        await ask(['fetch', ...how, '--', source.url, `+${ref}:refs/heads/fetched`]);
        return headOf((await ask(['rev-parse', '--verify', 'refs/heads/fetched^{commit}'])).trim());
      },
    });
  });
}

const noBranch = ({ branch }: GitSource): AgentError =>
  new AgentError('NOT_FOUND', `The repository has no branch ${branch}.`);

function environment(source: GitSource, folder: string): Record<string, string> {
  const { username, token, privateKey, knownHosts } = source;
  const file = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string, mode = 0o600): void =>
    writeFileSync(file(name), text, { mode, flag: 'wx' });
  if (token !== null) {
    write('username', username ?? 'git');
    write('token', token);
  }
  // Git asks "Username for …" and "Password for …".
  write(
    'askpass',
    '#!/bin/sh\ncase "$1" in U*) f=username ;; *) f=token ;; esac\nexec cat "${0%/*}/$f"\n',
    0o700,
  );
  // As pasted from Windows: ssh reads no key with its line ends.
  if (privateKey !== null) write('key', `${privateKey.trim().replaceAll('\r\n', '\n')}\n`);
  write('known_hosts', knownHosts ? `${knownHosts.trim()}\n` : '');
  const options = [
    'BatchMode=yes',
    'IdentityAgent=none',
    'IdentitiesOnly=yes',
    `StrictHostKeyChecking=${knownHosts ? 'yes' : 'accept-new'}`,
    `UserKnownHostsFile=${file('known_hosts')}`,
    'GlobalKnownHostsFile=/dev/null',
    'HashKnownHosts=no',
    'CheckHostIP=no',
    'UpdateHostKeys=no',
    'ClearAllForwardings=yes',
    'ConnectTimeout=30',
  ];
  const key = privateKey === null ? [] : ['-i', file('key')];
  const ssh = ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option]), ...key];
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.fromEntries(
      passedOn.flatMap((name): [string, string][] => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    HOME: folder,
    LANG: 'C.UTF-8',
    LANGUAGE: 'C',
    LC_ALL: 'C.UTF-8',
    GIT_DIR: file('repository'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: 'https:ssh',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: file('askpass'),
    GIT_SSH_COMMAND: ssh.map(quoted).join(' '),
    GIT_SSH_VARIANT: 'ssh',
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

function knownHostsIn(folder: string, { url, knownHosts }: GitSource): string {
  if (gitProtocol(url) !== 'ssh') return '';
  return knownHosts || (readIfThere(path.join(folder, 'known_hosts')) ?? '').trim().slice(0, 8_192);
}

/** What a repository or its host says is told in one line, and no secret is in it. */
function failure(stderr: string, source: GitSource): AgentError {
  const { token, privateKey } = source;
  if (/couldn't find remote ref|Remote branch .* not found/.test(stderr)) return noBranch(source);
  if (/No \S+ host key is known for/.test(stderr)) {
    return new AgentError(
      'GIT_ERROR',
      'Among the keys that were entered is no key of this host. Enter what ssh-keyscan says of it, once whoever runs it says that it is theirs, or nothing, for the one that it shows next.',
    );
  }
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr)) {
    return new AgentError(
      'GIT_ERROR',
      'The host shows another key than the one it is known by. Somebody may stand in between: ask who runs it, and enter its new key only then.',
    );
  }
  if (/ssh: (not found|No such file)|cannot run ssh/.test(stderr)) {
    return new AgentError(
      'GIT_UNAVAILABLE',
      'There is no ssh on this server. Install the package openssh-client, or use an https address.',
    );
  }
  if (/^Load key /m.test(stderr)) {
    return new AgentError(
      'GIT_ERROR',
      'The key cannot be read. Give the private key as ssh-keygen writes it, without a passphrase.',
    );
  }
  if (/File too large|SIGXFSZ|signal 25/.test(stderr)) {
    return new AgentError('GIT_ERROR', 'The commit is larger than 256 MB.');
  }
  if (
    /Authentication failed|could not read (Username|Password)|Permission denied|returned error: 40[13]/.test(
      stderr,
    )
  ) {
    const none = token === null && privateKey === null;
    return new AgentError(
      'GIT_ERROR',
      none
        ? 'The repository is not open to everybody. Give a token or a key that may read it.'
        : 'The repository does not accept these credentials.',
    );
  }
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^(fatal|error|remote): /, '').trim())
    .filter((line) => line !== '' && !/^warning:|^hint:|^Warning: Permanently added/.test(line));
  let said = lines
    .slice(-4)
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ');
  for (const secret of [token, privateKey]) if (secret) said = said.replaceAll(secret, '***');
  return new AgentError('GIT_ERROR', said.slice(0, MAX_MESSAGE) || 'Git failed without saying why.');
}
