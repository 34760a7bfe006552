import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gitServer } from '../../../testing/git-server.ts';
import { describeWith } from '../../../testing/parts.ts';
import { sshKey, sshServer, type SshKey, type SshServer } from '../../../testing/ssh-server.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { withRemote } from './git-remote.ts';
import { readTree } from './git-tree.ts';

const never = new AbortController().signal;

/** What every process of this machine was started with, as far as it may be seen. */
function commandLines(): { readonly all: string; readonly ofSsh: readonly string[] } {
  const told = readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      const [command, environment] = ['cmdline', 'environ'].map((name) =>
        readFileSync(`/proc/${id}/${name}`, 'utf8').replaceAll('\0', ' '),
      );
      return [{ command: command ?? '', environment: environment ?? '' }];
    } catch {
      // Another account's, or gone meanwhile.
      return [];
    }
  });
  return {
    all: told.map(({ command, environment }) => `${command}\n${environment}`).join('\n'),
    ofSsh: told.map(({ command }) => command).filter((command) => /^ssh .*git-upload-pack/.test(command)),
  };
}

describeWith(['git', 'sshd'], 'a repository behind a real ssh', () => {
  const undo = new AsyncDisposableStack();
  afterAll(() => undo.disposeAsync());
  let right: SshKey;
  let wrong: SshKey;
  let host: SshServer;
  let scratch = '';
  let commit = '';
  beforeAll(async () => {
    const server = undo.use(await gitServer());
    commit = await server.commit({ 'compose.yaml': 'services: {}', conf: 'x' });
    [right, wrong] = [await sshKey(), await sshKey()];
    host = undo.use(await sshServer({ folder: server.folder, authorized: [right.publicKey] }));
    scratch = undo.use(await tempDir('sk-scratch-')).path;
  });

  const read = (privateKey: string, knownHosts: string | null = null) => {
    const source = { branch: 'main', path: 'compose.yaml', username: null, token: null };
    return withRemote(
      { url: host.url, privateKey, knownHosts, ...source },
      { scratch, signal: never },
      async (remote) => {
        const seen = await remote.head();
        const head = await remote.fetch();
        expect(head).toEqual(seen);
        return { ...head, tree: await readTree(remote, head.commit, source) };
      },
    );
  };
  const left = (): Promise<string[]> => readdir(scratch);

  test('is cloned with its deploy key, which stands in no command and is on no disk afterwards', async () => {
    const body = right.privateKey.split('\n')[1] ?? '';
    const seen: ReturnType<typeof commandLines>[] = [];
    host.onConnection = () => void seen.push(commandLines());
    const { tree, knownHosts, ...head } = await read(right.privateKey);
    expect(head).toEqual({ commit });
    expect(tree.files.map(({ path }) => path)).toEqual(['conf']);
    expect(knownHosts).toBe(await host.knownHosts());
    const withKey = expect.stringContaining(`-i ${scratch}`);
    expect(seen.flatMap(({ ofSsh }) => ofSsh)).toEqual([withKey, withKey]);
    expect(body.length).toBeGreaterThan(40);
    for (const { all } of seen) expect(all).not.toContain(body);
    expect(await left()).toEqual([]);
    // As it comes out of a form of Windows, and by the key that the host showed first.
    const pasted = right.privateKey.trim().replaceAll('\n', '\r\n');
    expect(await read(pasted, knownHosts)).toMatchObject({ commit, knownHosts });
  });

  test('lets nobody in with another key', async () => {
    await expect(read(wrong.privateKey)).rejects.toMatchObject({
      code: 'GIT_ERROR',
      message: 'The repository does not accept these credentials.',
    });
    await expect(read('no key at all')).rejects.toMatchObject({
      code: 'GIT_ERROR',
      message: expect.stringMatching(/key cannot be read.*without a passphrase/),
    });
    expect(await left()).toEqual([]);
  });

  test('is not read from a host that is not known, or shows another key, in words that say what to do', async () => {
    const known = await host.knownHosts();
    const elsewhere = known.replace('127.0.0.1', '127.0.0.2');
    await expect(read(right.privateKey, elsewhere)).rejects.toMatchObject({
      code: 'GIT_ERROR',
      message: expect.stringMatching(/no key of this host.*ssh-keyscan/),
    });
    await host.changeHostKey();
    await expect(read(right.privateKey, known)).rejects.toMatchObject({
      code: 'GIT_ERROR',
      message: expect.stringMatching(/shows another key.*ask who runs it/),
    });
    expect(await left()).toEqual([]);
    expect(await read(right.privateKey, await host.knownHosts())).toMatchObject({ commit });
  });
});
