import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { createNormaliser } from './normalise.ts';
import { StackError } from './problem.ts';

const own = `services:
  web:
    image: app
    environment: { PASSWORD: "\${secret:db_password}" }
`;
const none = 'services:\n  web:\n    image: app\n';

/** Reads a file with a Compose that answers with what this makes of its input. */
async function normalised(compose: string, answer: (input: string) => unknown) {
  await using scratch = await tempDir();
  const normaliser = createNormaliser({
    run: (_command, { input = '' }) =>
      Promise.resolve({ code: 0, stdout: JSON.stringify(answer(input)), stderr: '' }),
    finder: { find: () => Promise.resolve({ command: ['compose'], version: '2.30', generation: 2 }) },
    scratch: scratch.path,
  });
  const draft = { name: 'shop', files: { compose, env: '' }, folder: scratch.path };
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
