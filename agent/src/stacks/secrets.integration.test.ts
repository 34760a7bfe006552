import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { docker as cli } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';
import { deployment, eachCompose, runs, testStacks } from './testing.ts';

const first = 'pa$$w0rd ${HOME} "quoted" \\ 1';
const second = `${first} and\nanother line`;
const variable = (command = "trap 'exit 0' TERM; sleep 1000 & wait") => `services:
  web:
    image: ${testImages.busybox}
    user: "5:6"
    command: ["sh", "-c", "${command}"]
    environment: { PASSWORD: "\${secret:db_password}", PLAIN: plain }
`;
const file = `    secrets: [db_password, { source: key, target: /etc/app/key, uid: "5", gid: "6", mode: 0400 }]
secrets:
  db_password: { external: true }
  key: { external: true, name: db_password }
`;

describeWith(['docker', 'compose'], 'secrets of a stack on the real engine', () => {
  describe.each(eachCompose())('with $title', ({ command }) => {
    test('are put into no container whose image says that it is of the stack, and it counts for nothing', async () => {
      await using stack = await testStacks(command);
      const forged = `${stack.name}-forged`;
      const labels = { project: stack.name, service: 'web', 'container-number': '-1', 'config-hash': 'x' };
      const lines = Object.entries(labels).map(([key, value]) => `LABEL com.docker.compose.${key}=${value}`);
      const dockerfile = [`FROM ${testImages.busybox}`, ...lines].join('\n');
      await writeFile(path.join(stack.folder, 'Dockerfile'), dockerfile);
      await cli('build', '--quiet', '--tag', forged, stack.folder);
      await cli('create', '--name', forged, forged, 'true');
      try {
        const secrets = [{ name: 'db_password', value: first, stamp: '1' }];
        const { job } = await deployment(stack, variable() + file, { secrets });
        expect(job).toMatchObject({ errorMessage: null, state: 'SUCCEEDED' });
        const [service] = stack.stacks.version(stack.name, 1).services;
        expect(`${service?.imageId}\n`).toBe(
          await cli('image', 'inspect', '--format', '{{.Id}}', testImages.busybox),
        );
        await expect(cli('cp', `${forged}:/run/secrets/db_password`, '-')).rejects.toThrow('db_password');
      } finally {
        await cli('rm', '--force', forged);
        await cli('rmi', '--force', forged);
      }
    });

    test('are given to its containers, follow their value, and are told and kept nowhere', async () => {
      await using stack = await testStacks(command);
      const given = (value: string, stamp: string) => [{ name: 'db_password', value, stamp }];
      const compose = variable() + file;
      const container = async () =>
        (
          await cli(
            'ps',
            '--quiet',
            '--no-trunc',
            '--filter',
            `label=com.docker.compose.project=${stack.name}`,
          )
        ).trim();
      const inside = async (...words: string[]) => cli('exec', await container(), ...words);
      const planned = async () =>
        (await stack.stacks.plan(stack.name, { compose, env: '' }, new AbortController().signal)).services;

      expect((await deployment(stack, compose)).job).toMatchObject({
        state: 'FAILED',
        errorCode: 'CONFLICT',
      });
      expect(await container()).toBe('');

      const made = await deployment(stack, compose, { secrets: given(first, '1') });
      expect(made.job).toMatchObject({ errorMessage: null, state: 'SUCCEEDED', result: { version: 1 } });
      expect(await inside('sh', '-c', 'echo "$PASSWORD"')).toBe(`${first}\n`);
      expect(await inside('cat', '/run/secrets/db_password')).toBe(first);
      expect(await inside('stat', '-c', '%a %u %g', '/run/secrets/db_password', '/etc/app/key')).toBe(
        '444 0 0\n400 5 6\n',
      );
      expect(await planned()).toMatchObject([{ service: 'web', action: 'NONE' }]);

      const before = await container();
      const again = await deployment(stack, compose, { baseVersion: 1, secrets: given(second, '2') });
      expect(again.job.result).toEqual({ version: 2 });
      expect(await container()).not.toBe(before);
      expect(await inside('sh', '-c', 'echo "$PASSWORD"')).toBe(`${second}\n`);
      expect(await inside('cat', '/etc/app/key')).toBe(second);

      const broken = await deployment(stack, variable('echo $$PASSWORD; exit 7'), {
        baseVersion: 2,
        secrets: given(second, '2'),
      });
      expect(broken.job).toMatchObject({ state: 'FAILED' });
      expect(await inside('sh', '-c', 'echo "$PASSWORD"')).toBe(`${second}\n`);

      const details = await stack.docker.details(await container());
      expect(details?.environment).toContainEqual({ name: 'PASSWORD', value: null, secret: 'db_password' });
      const told = JSON.stringify([details, made, again, broken, stack.stacks.version(stack.name, 2)]);
      expect(told).toContain('plain');
      expect(told).not.toContain('pa$$w0rd');
      // It is made of the value, so it would tell whether somebody guessed it.
      expect(details?.inspectJson).not.toContain('com.docker.compose.config-hash');
      const kept = await run('grep', ['-rlF', 'pa$$w0rd', path.dirname(stack.folder)]).catch(() => '');
      expect(kept).toBe('');
    });

    test('of the version before go to no file that does not name them itself', async () => {
      await using stack = await testStacks(command);
      const secrets = [{ name: 'db_password', value: first, stamp: '1' }];
      const made = await deployment(stack, variable(), { secrets });
      expect(made.job).toMatchObject({ errorMessage: null, state: 'SUCCEEDED' });
      const before = await runs(stack.name);
      const beside = path.join(stack.folder, stack.name);
      await writeFile(path.join(beside, 'more.env'), 'X=serverkit-secret:db_password\n');
      await writeFile(
        path.join(beside, 'more.yml'),
        `services:
  web:
    image: ${testImages.busybox}
    secrets: [db_password]
secrets:
  db_password: { external: true }
`,
      );
      const service = (lines: string) => `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "env; sleep 1000"]
    ${lines}
`;
      const mark = 'serverkit-secret:db_password';
      const disguises = [
        service(`environment: { X: "${mark}" }`),
        service('environment: { X: "${Y}" }'),
        service(`environment: { X: "\${NOPE:-${mark}}" }`),
        service('env_file: [more.env]'),
        `include: [more.yml]\n${service('init: true').replace('web:', 'other:')}`,
        service('secrets: ["${S}"]\nsecrets: { db_password: { external: true } }'),
      ];
      for (const compose of disguises) {
        const env = `Y=${mark}\nS=db_password\n`;
        const { job } = await deployment(stack, compose, { baseVersion: 1, env, secrets });
        expect([compose, job.errorCode]).toEqual([compose, 'INPUT_INVALID']);
      }
      expect(await runs(stack.name)).toBe(before);
      expect(stack.stacks.secrets(stack.name, { files: null, version: null })).toEqual({
        needed: ['db_password'],
        before: ['db_password'],
      });

      const mounted = `${service('volumes: ["data:/run/secrets"]')}${file}volumes: { data: }\n`;
      const { job } = await deployment(stack, mounted, { baseVersion: 1, secrets });
      expect(job).toMatchObject({
        errorCode: 'INPUT_INVALID',
        errorMessage: expect.stringContaining('cannot lie within a mount') as unknown,
      });
      expect(await runs(stack.name)).toBe(before);
    }, 120_000);
  });
});
