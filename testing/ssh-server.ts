import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { run } from './processes.ts';
import { tempDir } from './tmp.ts';

/** OpenSSH's own server, which only starts by its whole path. */
export const sshdPath = '/usr/sbin/sshd';

/** A pair of keys, as ssh-keygen writes them. */
export interface SshKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A real host of one Git repository, that is reached by ssh on a port of the loopback interface. */
export interface SshServer extends AsyncDisposable {
  /** Of the repository. */
  readonly url: string;
  /** As known_hosts(5) knows the host now. */
  knownHosts(): Promise<string>;
  /** Has the host be another one from the next connection on. */
  changeHostKey(): Promise<void>;
  /** Called with each connection, while the client is still there. */
  onConnection: () => void;
}

export interface SshServerOptions {
  /** The repository, in a folder of who runs this. */
  readonly folder: string;
  /** Public keys that are let in. */
  readonly authorized: readonly string[];
}

export async function sshKey(): Promise<SshKey> {
  await using dir = await tempDir('sk-key-');
  await keygen(dir.file('key'));
  return {
    privateKey: await readFile(dir.file('key'), 'utf8'),
    publicKey: (await readFile(dir.file('key.pub'), 'utf8')).trim(),
  };
}

const keygen = (file: string): Promise<string> =>
  run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);

export async function sshServer({ folder, authorized }: SshServerOptions): Promise<SshServer> {
  await using undo = new AsyncDisposableStack();
  const dir = undo.use(await tempDir('sk-sshd-'));
  await writeFile(dir.file('authorized_keys'), `${authorized.join('\n')}\n`);
  let hosts = 0;
  const hostKey = (): string => dir.file(`host-${hosts}`);
  const newHost = async (): Promise<void> => {
    hosts += 1;
    await keygen(hostKey());
    await writeFile(dir.file('config'), configOf({ hostKey: hostKey(), place: dir.path, folder }));
  };
  await newHost();
  // Where root runs it, it wants this empty folder, which the system makes for its own.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });

  const ended: Promise<unknown>[] = [];
  const made: Pick<SshServer, 'onConnection'> = { onConnection: () => undefined };
  // As inetd starts it: one process for each connection, and no port to be found first.
  const server = createServer((socket) => {
    made.onConnection();
    const child = spawn(sshdPath, ['-i', '-f', dir.file('config')], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
    });
    ended.push(once(child, 'close'));
    socket.on('error', () => child.kill());
    child.stdin.on('error', () => undefined);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  undo.defer(async () => {
    server.close();
    await once(server, 'close');
    await Promise.all(ended);
  });
  const owned = undo.move();
  return Object.assign(made, {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}/team/app.git`,
    knownHosts: async () => {
      const [type, key] = (await readFile(`${hostKey()}.pub`, 'utf8')).split(' ');
      return `[127.0.0.1]:${port} ${type} ${key}`;
    },
    changeHostKey: newHost,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  });
}

/** Nothing of the machine's own settings, no shell, and one command: whatever is asked for, the repository is what there is. */
function configOf({ hostKey, place, folder }: Record<'hostKey' | 'place' | 'folder', string>): string {
  return [
    `HostKey ${hostKey}`,
    'PidFile none',
    `AuthorizedKeysFile ${place}/authorized_keys`,
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    // The folder for temporary files is everybody's.
    'StrictModes no',
    'DisableForwarding yes',
    'PermitTTY no',
    // The shell that runs the command reads no file of the account.
    `SetEnv HOME=${place}`,
    `ForceCommand git-upload-pack '${folder}'`,
    '',
  ].join('\n');
}
