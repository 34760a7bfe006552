import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { MAX_FILE } from '@serverkit/wire/compose-file.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../testing/processes.ts';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { createPolicy } from '../policy.ts';
import { readPlace } from './place.ts';
import { StackStore } from './store.ts';

const compose = 'services:\n  web:\n    image: web\n';

describe('files of a stack somewhere on the host', () => {
  let dir: TempDir;
  let at: (...names: string[]) => string;

  const read = (
    path: string,
    { scopes = ['docker:containers:privileged'], denied = [] as string[] } = {},
  ) => {
    const policy = createPolicy({ scopes: 'managed', deniedPaths: denied, disabledFeatures: new Set() });
    const authority = { scopes: new Set(scopes), deniesPath: (one: string) => policy.deniesPath(one) };
    return readPlace(path, authority, at('kept'));
  };
  const code = (value: string) => expect.objectContaining({ code: value }) as unknown;

  beforeAll(async () => {
    dir = await tempDir('sk-place-');
    at = (...names) => dir.file(...names);
    await Promise.all(['app', 'kept/own', 'secret'].map((name) => mkdir(at(name), { recursive: true })));
    await Promise.all([
      writeFile(at('app/docker-compose.yml'), compose),
      writeFile(at('app/.env'), 'A=b\n'),
      writeFile(at('app/compose.notes'), 'root:x:0:0'),
      writeFile(at('app/stack.txt'), compose),
      writeFile(at('kept/own/compose.yaml'), compose),
      writeFile(at('secret/compose.yaml'), compose),
    ]);
  });
  afterAll(() => dir[Symbol.asyncDispose]());

  test('are found by the file, by its folder, and through a link to it, as what they truly are', async () => {
    await symlink(at('app'), at('link'));
    const found = {
      place: { folder: at('app'), file: 'docker-compose.yml' },
      files: { compose, env: 'A=b\n' },
    };
    for (const path of [at('app'), at('app/docker-compose.yml'), at('link'), at('link/docker-compose.yml')]) {
      expect(read(path)).toEqual(found);
    }
  });

  test('take the scope that mounting them takes', () => {
    expect(() => read(at('app'), { scopes: [] })).toThrow(code('PRIVILEGE_NEEDED'));
    expect(() => read('app')).toThrow(code('INPUT_INVALID'));
  });

  test('that the configuration denies are denied, straight, through links and whatever the scopes', async () => {
    await symlink(at('secret'), at('app/inside'));
    await mkdir(at('env'));
    await writeFile(at('env/compose.yaml'), compose);
    await symlink(at('secret/compose.yaml'), at('env/.env'));
    const denied = [at('secret')];
    for (const path of [
      at('secret'),
      at('app/inside'),
      at('app/inside/compose.yaml'),
      at('secret/not-there'),
    ]) {
      expect(() => read(path, { denied })).toThrow(code('POLICY_DENIED'));
    }
    // A link in the place of the env file leads elsewhere.
    expect(() => read(at('env'), { denied })).toThrow(code('INPUT_INVALID'));
  });

  test('are Compose files called so, and nothing else is given away, not even in an error', async () => {
    for (const path of [at('app/stack.txt'), '/etc/passwd']) {
      expect(() => read(path)).toThrow(code('INPUT_INVALID'));
    }
    expect(() => read(at('app/compose.notes'))).toThrow(/^\S+compose\.notes is not a Compose file\.$/);
    expect(() => read(at('nowhere'))).toThrow(code('NOT_FOUND'));
    expect(() => read(at('kept/own'))).toThrow(code('CONFLICT'));
    await mkdir(at('big'));
    await writeFile(at('big/compose.yaml'), ' '.repeat(MAX_FILE + 1));
    expect(() => read(at('big'))).toThrow(code('INPUT_INVALID'));
    await mkdir(at('pipe'));
    await run('mkfifo', [at('pipe/compose.yaml')]);
    expect(() => read(at('pipe'))).toThrow(code('INPUT_INVALID'));
  });

  test('stay where they are: written over as they are, and forgotten without being removed', async () => {
    const policy = createPolicy({ scopes: 'managed', deniedPaths: [], disabledFeatures: new Set() });
    const store = new StackStore({ folder: at('kept'), versions: at('versions'), policy: () => policy });
    const { place, files } = read(at('app'));
    const version = {
      at: 0,
      actor: 'a',
      restores: null,
      composeVersion: '2',
      normalised: '{}',
      services: [],
      commit: null,
      tree: null,
    };
    store.keep('app', { ...version, files }, place);
    expect(store.folderOf('app')).toBe(at('app'));
    await chmod(at('app/docker-compose.yml'), 0o644);
    store.write('app', { compose: `${compose}# new\n`, env: '' });
    expect(store.files('app')).toEqual({ compose: `${compose}# new\n`, env: '' });
    expect((await stat(at('app/docker-compose.yml'))).mode & 0o777).toBe(0o644);
    store.forget('app');
    expect(await readFile(at('app/docker-compose.yml'), 'utf8')).toContain('# new');
    expect(store.has('app')).toBe(false);
  });
});
