import { expect, test } from 'vitest';
import type { Container } from '../docker/container.ts';
import { containerOf as told, noUsage, unknownLifetime } from '../docker/mapping.ts';
import { AgentError } from '../errors.ts';
import { readProjects } from './projects.ts';

const composes = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'web',
  'com.docker.compose.oneoff': 'False',
  'com.docker.compose.config-hash': 'abc',
};

/** What there is of a stack when these containers have these labels, and their images those. */
async function found(
  containers: Readonly<Record<string, { readonly own: object; readonly image: object | null }>>,
): Promise<readonly (readonly [string, string | null])[]> {
  const items: Container[] = Object.entries(containers).map(([name, { own, image }]) =>
    told(
      { Id: name, Names: [`/${name}`], ImageID: `of-${name}`, Labels: { ...image, ...own } },
      unknownLifetime,
      noUsage,
    ),
  );
  let asked = 0;
  const engine = {
    get: (path: string) => {
      asked += 1;
      const name = /^\/images\/of-(.*)\/json$/.exec(path)?.[1] ?? '';
      const image = containers[name]?.image;
      return image
        ? Promise.resolve({ Config: { Labels: image } })
        : Promise.reject(new AgentError('NOT_FOUND', 'It is gone.'));
    },
  };
  const docker = { engine, list: () => Promise.resolve({ items, next: null }) };
  const services = async () => (await readProjects(docker)).get('shop')?.services ?? [];
  await services();
  const once = asked;
  const again = await services();
  const gone = Object.values(containers).filter(({ image }) => image === null).length;
  expect(asked, 'an image is asked for once, while it is there').toBe(once + gone);
  return again.flatMap((one) => one.containers.map(({ name, configHash }) => [name, configHash] as const));
}

test('a container is of a stack where Compose made it so, and not where its image says so', async () => {
  const foreign = { ...composes, 'com.docker.compose.container-number': '-1' };
  expect(
    await found({
      made: { own: composes, image: {} },
      built: {
        own: composes,
        image: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
      },
      labelled: { own: {}, image: foreign },
      unmarked: { own: {}, image: { ...composes, 'com.docker.compose.config-hash': '' } },
      byHand: {
        own: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
        image: { 'com.docker.compose.config-hash': 'theirs' },
      },
      run: { own: { ...composes, 'com.docker.compose.oneoff': 'True' }, image: {} },
      gone: { own: composes, image: null },
    }),
  ).toEqual([
    ['built', 'abc'],
    ['byHand', null],
    ['made', 'abc'],
  ]);
});

test('the mark of one with secrets is its own too', async () => {
  const marked = { 'io.serverkit.config-hash': 'theirs' };
  expect(
    await found({
      mine: { own: { ...composes, 'io.serverkit.config-hash': 'file' }, image: marked },
      plain: { own: composes, image: marked },
      theirs: { own: {}, image: { ...composes, ...marked } },
    }),
  ).toEqual([
    ['mine', 'file'],
    ['plain', 'abc'],
  ]);
});
