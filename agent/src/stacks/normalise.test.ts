import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { createNormaliser, type Draft } from './normalise.ts';
import { StackError } from './problem.ts';

const own = `services:
  web:
    image: app
    environment: { PASSWORD: "\${secret:db_password}" }
`;
const none = 'services:\n  web:\n    image: app\n';

/** Reads a file with a Compose that answers with what this makes of its input. */
async function normalised(
  compose: string,
  answer: (input: string, folder: string) => unknown,
  { env = '', beside }: Partial<Pick<Draft, 'beside'>> & { env?: string } = {},
) {
  await using scratch = await tempDir();
  const normaliser = createNormaliser({
    run: (_command, { input = '', args }) => {
      const folder = args[args.indexOf('--project-directory') + 1] ?? '';
      return Promise.resolve({ code: 0, stdout: JSON.stringify(answer(input, folder)), stderr: '' });
    },
    finder: { find: () => Promise.resolve({ command: ['compose'], version: '2.30', generation: 2 }) },
    scratch: scratch.path,
  });
  const draft = { name: 'shop', files: { compose, env }, folder: '/srv/stacks/shop', beside };
  return await normaliser.normalise(draft, new AbortController().signal);
}

test('the mark of a secret is drawn each time Compose reads a file, and kept as the one that is not', async () => {
  const inputs: string[] = [];
  const read = (): ReturnType<typeof normalised> =>
    normalised(own, (input) => {
      inputs.push(input);
      return JSON.parse(input);
    });
  const [one, two] = [await read(), await read()];
  expect(inputs[0]).not.toBe(inputs[1]);
  expect(inputs.join()).not.toContain('serverkit-secret:');
  expect(one.json).toBe(two.json);
  expect(one.value).toMatchObject({
    services: { web: { environment: { PASSWORD: 'serverkit-secret:db_password' } } },
  });
});

const web = (service: object, more: object = {}) => ({
  services: { web: { image: 'app', ...service } },
  ...more,
});

test.each([
  ['by a variable or an env file', none, web({ environment: { X: 'serverkit-secret:db_password' } })],
  [
    'even where its file names it elsewhere',
    own,
    web({ environment: { X: 'serverkit-secret:db_password' } }),
  ],
  [
    'by an included file, as a file',
    none,
    web({ secrets: [{ source: 'db_password' }] }, { secrets: { db_password: { external: true } } }),
  ],
  [
    'under another name, by a variable',
    `${none}    secrets: [key]\nsecrets: { key: { external: true, name: "\${NAME}" } }\n`,
    web({ secrets: [{ source: 'key' }] }, { secrets: { key: { external: true, name: 'db_password' } } }),
  ],
])('a secret that comes in %s is refused', async (_what, compose, answer) => {
  await expect(normalised(compose, () => answer)).rejects.toThrow(StackError);
  await expect(normalised(compose, () => answer)).rejects.toThrow('own file');
});

test('whoever can push a file to a repository gets no secret by it', async () => {
  await expect(normalised(own, (input) => JSON.parse(input), { beside: [] })).rejects.toThrow(
    /from a repository gets no secrets/,
  );
});

test('Compose is given what was read of the folder in words of our own, and a folder where nothing else lies', async () => {
  const nel = '\u0085    env_file: [/etc/passwd]';
  const files = [
    ['more.yml', `services:\n  more:\n    image: app\n    # a comment${nel}\n    labels: { a: "x${nel}" }\n`],
    ['list.env', 'A=1\n'],
    ['unread', 'x'],
    ['ctx/Dockerfile', 'FROM app'],
  ].map(([path = '', text = '']) => ({ path, bytes: Buffer.from(text), executable: false }));
  const compose = `include: [./more.yml]
services:
  web: { build: ctx, env_file: [list.env, .env, missing.env], extends: { file: more.yml, service: more } }
`;
  const seen = new Map<string, string>();
  await normalised(
    compose,
    (input, folder) => {
      for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
        const at = join(entry.parentPath, entry.name);
        seen.set(relative(folder, at), entry.isFile() ? readFileSync(at, 'utf8') : '(a folder)');
      }
      return JSON.parse(input);
    },
    { beside: files, env: 'B=2\n' },
  );
  expect(Object.fromEntries(seen)).toEqual({
    'more.yml': `{"services":{"more":{"image":"app","labels":{"a":"x\\u0085    env_file: [/etc/passwd]"}}}}`,
    'list.env': 'A=1\n',
    '.env': 'B=2\n',
    ctx: '(a folder)',
  });
});

test('paths lead where they would from the stack\u2019s own folder, further up than its root too', async () => {
  const from = ['.', './data', '../other', '../../../x', '../../../../../../etc/_foo', '../../../..'];
  const { value } = await normalised(none, (_input, folder) =>
    web({ volumes: [...from.map((one) => join(folder, one)), `${folder}/a:/b:ro`, '/_/own', 'named:/c'] }),
  );
  expect(value).toMatchObject(
    web({
      volumes: [
        '/srv/stacks/shop',
        '/srv/stacks/shop/data',
        '/srv/stacks/other',
        '/x',
        '/etc/_foo',
        '/',
        '/srv/stacks/shop/a:/b:ro',
        '/_/own',
        'named:/c',
      ],
    }),
  );
});

test('no list of variables or labels is left to be read again', async () => {
  const { json } = await normalised(none, () =>
    web({ env_file: ['/a'], label_file: ['/b'], environment: { A: '1' } }),
  );
  expect(JSON.parse(json)).toEqual(web({ environment: { A: '1' } }));
});

test.each([
  ['scale', { scale: 100_000 }],
  ['deploy.replicas', { deploy: { replicas: 101 } }],
  ['either of both', { scale: 1, deploy: { replicas: 101 } }],
])('more of one service than can be scaled to is refused: %s', async (_what, service) => {
  await expect(normalised(none, () => web(service))).rejects.toThrow('a service may have 100');
});

test('so are too many of all together', async () => {
  const services = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_none, index) => [`web${index}`, { image: 'app', scale: 100 }]),
    );
  await expect(normalised(none, () => ({ services: services(11) }))).rejects.toThrow('a stack may have 1000');
  expect((await normalised(none, () => ({ services: services(10) }))).services.size).toBe(10);
});

test.each([
  ['a second variable behind a quoted value', 'A="x" COMPOSE_X=evil', 1],
  ['one behind a value of several lines', "A='x\ny' B=1", 2],
  ['one behind an escaped quote', 'A="x\\" y" B=1', 1],
  ['one behind a value without a name', 'A\n="x" B=1', 2],
  ['one behind a value after a blank', 'A : "x" B=1', 1],
  ['one behind a value after what one Compose takes for a blank', 'A=\u0085"x" B=1', 1],
  ['one that steers Compose', 'A=1\nexport COMPOSE_FILE=x', 2],
  ['one that steers it, behind what one Compose takes for a blank', 'A=1\n\u0085COMPOSE_FILE=x', 2],
])('an env file with %s is refused', async (_what, env, line) => {
  const work = normalised(none, (input) => JSON.parse(input), { env });
  await expect(work).rejects.toMatchObject({ problems: [{ line }] });
});

test('and each other as it is written everywhere is read', async () => {
  const env = `# it's "fine" B=1
A=1
B="two" # a comment
C='three
lines'
D=it's "quoted" inside
E="a \\"b\\" c"
export F="x"\r
G: "yaml"
H=
I=http://host/?a="b"&c=d
J
`;
  await expect(normalised(none, (input) => JSON.parse(input), { env })).resolves.toMatchObject({
    name: 'shop',
  });
});

test.each(['\n', ' ', '\r', 'A', 'A="\n', "'", '\u0085'])(
  'a megabyte of %j is read at once',
  async (sign) => {
    const began = performance.now();
    const env = sign.repeat(Math.floor((1024 * 1024) / Buffer.byteLength(sign)));
    await normalised(none, (input) => JSON.parse(input), { env }).catch(() => undefined);
    // Seconds on a busy machine; minutes if each sign cost as much as there are before it.
    expect(performance.now() - began).toBeLessThan(30_000);
  },
);

test('what lists of variables say that it reads is confidential', async () => {
  const beside = [{ path: 'list.env', bytes: Buffer.from('A=hunter2\n'), executable: false }];
  const compose = `${none}    env_file: list.env\n`;
  const { confidential } = await normalised(compose, () => web({}), { beside, env: 'B=of-the-stack\n' });
  expect(confidential.toSorted()).toEqual(['hunter2', 'of-the-stack']);
});
