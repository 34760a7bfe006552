import { markSecrets, secretsNamed, secretsOf, servicesOf } from '@serverkit/wire/compose-secrets.ts';
import { expect, test } from 'vitest';
import { ofStack, readComposeFile } from './compose-file.ts';
import { StackError } from './problem.ts';
import { allowedTo, checkSecrets, secretsOfVersion, withSecrets } from './secrets.ts';

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
  ['with its characters escaped', String.raw`environment: { X: "$\x7bsecret:db_password}" }`],
  ['by the mark that stands for it', 'environment: { X: "serverkit-secret:db_password" }'],
  [
    'as a file, with its key escaped',
    'secrets: [db_password]\nsecrets: { db_password: { "\\x65xternal": true } }',
  ],
])('a reference %s takes the right as well', (_what, lines) => {
  expect(secretsNamed(`services:\n  web:\n    image: app\n    ${lines}\n`)).toEqual(['db_password']);
});

test('a version takes what its file names, and what was made of it', () => {
  const normalised = JSON.stringify({
    services: { web: { environment: { X: 'serverkit-secret:other' } } },
  });
  const files = { compose: 'services: { web: { environment: { A: "${secret:token}" } } }' };
  expect(secretsOfVersion({ files, normalised })).toEqual(['token', 'other']);
});

test('of what comes along, a file is given what it names; the rest is for going back', () => {
  const given = ['token', 'db_password'].map((name) => ({ name, value: `${name}-value` }));
  const named = 'services: { web: { environment: { A: "${secret:token}" } } }';
  expect(allowedTo(named, given)).toEqual([{ name: 'token', value: 'token-value' }]);
  expect(allowedTo('services: { web: { environment: { A: "${Y}" } } }', given)).toEqual([]);
});

test.each([
  ['in another place', 'command: ["${secret:x}"]'],
  ['as a part of a value', 'environment: { URL: "db://${secret:x}@host" }'],
  ['by no name of a secret', 'environment: { URL: "${secret:../x}" }'],
  ['in a list, as a name', 'environment: ["${secret:x}"]'],
])('a reference %s is refused at its line', (_what, line) => {
  const text = `services:\n  web:\n    image: app\n    ${line}\n`;
  expect(refused(() => ofStack(() => markSecrets(readComposeFile(text))))).toMatchObject([{ line: 4 }]);
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

test.each([
  ['path', 'target: "/etc/../key"'],
  ['path', `target: ${'a'.repeat(100)}`],
  ['mode', 'mode: "04755"'],
  ['mode', 'mode: "rw"'],
  ['uid', 'uid: "root"'],
  ['gid', 'gid: "2097152"'],
])('a file whose %s an archive cannot hold is refused: %s', (key, said) => {
  const text = compose.replace('target: here, mode: 0440, uid: "5"', said);
  const { value } = stackOf(text);
  const found = refused(() => checkSecrets({ value, services: servicesOf(value) }, readComposeFile(text)));
  expect(found).toMatchObject([
    { line: 5, message: expect.stringContaining(`the ${key} of a secret`) as unknown },
  ]);
});

test.each([
  'tmpfs: /run',
  'tmpfs: ["/run/:size=1m"]',
  'volumes: ["data:/run/secrets:rw"]',
  'volumes: [/run]',
  'volumes: [{ type: volume, source: data, target: /run/secrets/ }]',
])('a file that would lie in a mount is refused: %s', (line) => {
  const text = `services:
  web:
    image: app
    ${line}
    secrets: [key]
secrets: { key: { external: true } }
`;
  const { value } = stackOf(text);
  expect(
    refused(() => checkSecrets({ value, services: servicesOf(value) }, readComposeFile(text))),
  ).toMatchObject([{ line: 5 }]);
});

test.each([
  'environment: [SERVERKIT_SECRET_78]',
  'environment: { SERVERKIT_SECRET_78: }',
  'build: { context: ., args: [SERVERKIT_SECRET_78] }',
  'build: { context: ., args: { SERVERKIT_SECRET_78: } }',
])('variables by which Compose is told are nobody’s: %s', (line) => {
  const text = `services:\n  web:\n    image: app\n    ${line}\n`;
  const { value } = stackOf(text);
  expect(
    refused(() => checkSecrets({ value, services: servicesOf(value) }, readComposeFile(text))),
  ).toMatchObject([{ line: 4 }]);
});

test('Compose is told the values that its variables take alone, by names that are drawn each time', async () => {
  const { value } = stackOf(compose);
  const tool = { command: ['compose'], version: '2.0', generation: 2 } as const;
  const target = { name: 'shop', folder: '/shop', json: JSON.stringify(value), tool };
  const normaliser = {
    kept: () =>
      Promise.resolve({ ...target, value, services: servicesOf(value), confidential: [], warnings: [] }),
    hashes: () => Promise.resolve(new Map<string, string>()),
  };
  const given = ['db_password', 'token', 'tls.key', 'other', 'unused'].map((name) => ({
    name,
    value: `${name}-value`,
  }));
  const { signal } = new AbortController();
  const one = await withSecrets(target, given, { normaliser, signal });
  const two = await withSecrets(target, given, { normaliser, signal });
  expect(Object.values(one.variables).toSorted()).toEqual(['db_password-value', 'token-value']);
  const names = Object.keys(one.variables);
  expect(names.filter((name) => name in two.variables)).toEqual([]);
  for (const name of names) expect(one.target.json).toContain(`\${${name}}`);
});
