import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { readComposeFile } from './compose-file.ts';
import { normaliseStaged } from './git-stage.ts';
import { StackError } from './problem.ts';
import { checkSecrets, markSecrets, secretNamesIn, secretsNamed, secretsOf } from './secrets.ts';
import { servicesOf } from './services-of.ts';

const compose = `services:
  web:
    image: app
    environment: { PASSWORD: "\${secret:db_password}", PLAIN: "\${HOME}" }
    secrets: [key, { source: other, target: here, mode: 0440, uid: "5" }, own]
  job:
    image: app
    environment: ["TOKEN=\${secret:token}", EMPTY]
secrets:
  key: { external: true, name: tls.key }
  other: { external: true }
  own: { file: ./own.txt }
  unused: { external: true }
`;
const stackOf = (text: string) => ({ value: markSecrets(readComposeFile(text)) });
const refused = (work: () => unknown): readonly { line: number | null; message: string }[] => {
  try {
    work();
  } catch (error) {
    if (error instanceof StackError) return error.problems;
    throw error;
  }
  return [];
};

test('references of a file are those of its services, by the name that the secret has here', () => {
  const found = secretsOf(stackOf(compose));
  expect(found.get('web')).toEqual({
    variables: [{ name: 'PASSWORD', secret: 'db_password' }],
    files: [
      { secret: 'tls.key', path: '/run/secrets/key', mode: 0o444, uid: 0, gid: 0 },
      { secret: 'other', path: '/run/secrets/here', mode: 0o440, uid: 5, gid: 0 },
    ],
  });
  expect(found.get('job')).toEqual({ variables: [{ name: 'TOKEN', secret: 'token' }], files: [] });
  expect(secretsNamed(compose).toSorted()).toEqual(['db_password', 'other', 'tls.key', 'token']);
});

test('what cannot be read refers to none', () => {
  for (const text of ['', 'services: {', 'services: { a: { command: "${secret:x}" } }']) {
    expect(secretsNamed(text)).toEqual([]);
  }
});

test.each([
  ['in another place', 'command: ["${secret:x}"]'],
  ['as a part of a value', 'environment: { URL: "db://${secret:x}@host" }'],
  ['by no name of a secret', 'environment: { URL: "${secret:../x}" }'],
  ['in a list, as a name', 'environment: ["${secret:x}"]'],
])('a reference %s is refused at its line', (_what, line) => {
  const text = `services:\n  web:\n    image: app\n    ${line}\n`;
  expect(refused(() => markSecrets(readComposeFile(text)))).toMatchObject([{ line: 4 }]);
});

test('files need a file system that can be written to; names of ours are nobody else’s', () => {
  const check = (text: string) => {
    const { value } = stackOf(text);
    return refused(() => checkSecrets({ value, services: servicesOf(value) }, readComposeFile(text)));
  };
  expect(check(compose)).toEqual([]);
  expect(
    check(compose.replace('image: app\n    env', 'image: app\n    read_only: true\n    env')),
  ).toHaveLength(1);
  expect(check(compose.replace('file: ./own.txt', 'environment: SERVERKIT_SECRET_78'))).toMatchObject([
    { line: 12 },
  ]);
});

test('a stack from a repository gets none', async () => {
  await using scratch = await tempDir();
  const value = markSecrets(readComposeFile(compose));
  const tool = { command: ['compose'], version: '2.0', generation: 2 } as const;
  const stack = {
    name: 'shop',
    folder: '/shop',
    json: '{}',
    warnings: [],
    tool,
    value,
    services: servicesOf(value),
  };
  const normalise = () => Promise.resolve(stack);
  const unused = () => Promise.reject(new Error('not asked for'));
  const normaliser = { normalise, kept: unused, hashes: unused, run: unused };
  const draft = { name: 'shop', files: { compose, env: '' }, folder: '/shop' };
  const work = normaliseStaged(
    draft,
    [],
    { normaliser, scratch: scratch.path },
    new AbortController().signal,
  );
  await expect(work).rejects.toThrow(/from a repository gets no secrets/);
  expect(secretNamesIn({ value })).toHaveLength(4);
});
