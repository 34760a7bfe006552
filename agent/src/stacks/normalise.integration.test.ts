import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { forever } from '../docker/testing.ts';
import { createComposeFinder, type ComposeCommand } from './compose-tool.ts';
import { createNormaliser, type Normalised } from './normalise.ts';
import { createRunCompose } from './run.ts';
import { eachCompose } from './testing.ts';

const image = testImages.busybox;
const web = `version: "3.8"\nservices:\n  web:\n    image: ${image}\n`;
const other = (line: string): string => `version: "3.8"\nservices:\n  other:\n    image: ${image}\n${line}`;

/** A folder of a stack, and Compose to read it with. */
async function reader(command: ComposeCommand) {
  const dir = await tempDir('sk-read-');
  const home = dir.file('compose');
  const ask = (): Promise<void> => Promise.resolve();
  const run = createRunCompose({ socket: '/var/run/docker.sock', home, ask });
  const normaliser = createNormaliser({ run, finder: createComposeFinder(run, [command]), scratch: home });
  const folder = dir.file('stacks', 'shop');
  await mkdir(folder, { recursive: true });
  await writeFile(dir.file('stacks', 'victim.env'), 'DB_PASSWORD=hunter2\n');
  return {
    folder,
    victim: dir.file('stacks', 'victim.env'),
    file: (name: string, text: string) => writeFile(`${folder}/${name}`, text),
    read: (compose: string, env = ''): Promise<Normalised> =>
      normaliser.normalise({ name: 'shop', files: { compose, env }, folder }, forever),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describeWith('compose', 'a stack as Compose reads it', () => {
  describe.each(eachCompose())('with $title', ({ command }) => {
    const isFirst = command[0] === 'docker-compose';
    const extending = `${web}    extends: { file: more.yml, service: other }\n`;
    const including = `include: [more.yml]\n${web.replace(/^version.*\n/, '')}`;

    test('a comment in a file that it extends or includes stays a comment, with whatever ends a line elsewhere', async () => {
      await using stack = await reader(command);
      // NEL, LS and PS: line breaks in YAML 1.1, and none in 1.2.
      const lines = ['\u0085', '\u2028', '\u2029'].map(
        (sign) => `    # harmless${sign}    env_file: [${stack.victim}]\n`,
      );
      await stack.file('more.yml', other(lines.join('')));
      for (const compose of isFirst ? [extending] : [extending, including]) {
        const { json } = await stack.read(compose);
        expect(json).toContain(image);
        expect(json).not.toContain('hunter2');
      }
    });

    test('files beside it are read as they would be there, and its own variables are its .env', async () => {
      await using stack = await reader(command);
      await mkdir(`${stack.folder}/app`);
      await stack.file('.env', 'GREETING=of before\n');
      await stack.file('list.env', 'A=1\n');
      await stack.file(
        'more.yml',
        other(
          '    env_file: [list.env, .env]\n    build: { context: ./app, dockerfile: Dockerfile }\n    volumes: ["./data:/d", "../up:/u", "../../../../../../../../../../../etc/x:/e"]\n',
        ),
      );
      const { value, folder } = await stack.read(extending, 'GREETING=of now\n');
      expect(folder).toBe(stack.folder);
      const service = JSON.stringify(value);
      const above = stack.folder.replace(/\/shop$/, '');
      expect(value).toMatchObject({
        services: {
          web: {
            environment: { A: '1', GREETING: 'of now' },
            build: { context: `${stack.folder}/app`, dockerfile: 'Dockerfile' },
          },
        },
      });
      for (const path of [`${stack.folder}/data`, `${above}/up`, '/etc/x'])
        expect(service).toContain(`"${path}`);
    });

    test('what Compose complains of leads to the stack’s own folder, and quotes no list of variables', async () => {
      await using stack = await reader(command);
      await stack.file('bad.env', '{"password":"hunter2"}\nA="hunter2\n');
      const wrong = (line: string): Promise<unknown> =>
        stack.read(`${web}    ${line}\n`).then(({ value }) => value, String);
      expect(await wrong('env_file: missing.env')).toContain(`${stack.folder}/missing.env`);
      if (isFirst) return;
      const said = await wrong('env_file: bad.env');
      expect(said).toContain('line 1: unexpected character');
      expect(said).not.toContain('hunter2');
    });

    test('a link is not followed', async () => {
      await using stack = await reader(command);
      await symlink(stack.victim, `${stack.folder}/link.env`);
      await expect(stack.read(`${web}    env_file: link.env\n`)).rejects.toThrow('be no link');
      await expect(stack.read(`${web}    extends: { file: link.env, service: x }\n`)).rejects.toThrow(
        'be no link',
      );
    });
  });
});
