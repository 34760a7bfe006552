import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { docker as cli } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { forever } from '../docker/testing.ts';
import { eachCompose, testStacks, type TestStacks } from './testing.ts';

const busybox = testImages.busybox;

const file = `services:
  web:
    image: ${busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment: { GREETING: "\${GREETING:-hello}" }
    depends_on: [db]
  db:
    image: ${busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    volumes: ["files:/data"]
volumes:
  files: {}
`;

/** Puts the file where somebody at the host would run it, and runs it. */
async function upByHand(stack: TestStacks, text = file): Promise<void> {
  const { name, folder } = stack;
  await mkdir(`${folder}/${name}`, { recursive: true });
  await writeFile(`${folder}/${name}/compose.yaml`, text.replace(/^services:/, 'version: "3.8"\nservices:'));
  await stack.cli('--file', `${folder}/${name}/compose.yaml`, 'up', '--detach', '--remove-orphans');
}

describeWith(['docker', 'compose'], 'stacks of the real engine', () => {
  describe.each(eachCompose())('with $title', ({ command }) => {
    test('are listed with what the docker command says of their containers', async () => {
      await using stack = await testStacks(command);
      await upByHand(stack);
      const found = await stack.stacks.get(stack.name);
      expect(found).toMatchObject({ name: stack.name, managed: false, version: null });
      expect(found?.folder).toBe(`${stack.folder}/${stack.name}`);
      expect(found?.configFiles.join()).toContain('compose.yaml');
      expect(found?.services.map(({ name }) => name)).toEqual(['db', 'web']);
      for (const service of found?.services ?? []) {
        const [box] = service.containers;
        const format =
          '{{.Id}} {{.State.Status}} {{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}';
        const said = (await cli('inspect', '--format', format, box?.name ?? '')).trim();
        expect(`${box?.id} ${box?.state.toLowerCase()} ${box?.imageId} ${box?.configHash}`).toBe(said);
      }
      const { items } = await stack.stacks.list(200, null);
      expect(items.map(({ name }) => name)).toContain(stack.name);
    });

    test('a plan says what would be made, and changes nothing', async () => {
      await using stack = await testStacks(command);
      const plan = await stack.stacks.plan(stack.name, { compose: file, env: '' }, forever);
      expect(plan).toMatchObject({ problems: [], privileged: [], denied: null, version: null });
      expect(plan.services.map(({ service, action }) => [service, action])).toEqual([
        ['db', 'CREATE'],
        ['web', 'CREATE'],
      ]);
      expect(await stack.stacks.get(stack.name)).toBeNull();
      expect(await cli('network', 'ls', '--quiet', '--filter', `name=${stack.name}`)).toBe('');
    });

    test('what Compose itself made of the same file is as it should be', async () => {
      await using stack = await testStacks(command);
      await upByHand(stack);
      const { services } = await stack.stacks.plan(stack.name, { compose: file, env: '' }, forever);
      expect(services.map(({ action }) => action)).toEqual(['NONE', 'NONE']);
      expect(services[0]?.imageId).toBe(services[0]?.currentImageId);
      expect(services[0]?.imageId).toBe(
        (await cli('image', 'inspect', '--format', '{{.Id}}', busybox)).trim(),
      );
    });

    test('what was changed by hand meanwhile is told', async () => {
      await using stack = await testStacks(command);
      await upByHand(stack, file.replace(':-hello', ':-good bye'));
      const [, web] = (await stack.stacks.get(stack.name))?.services ?? [];
      const db = (await stack.stacks.get(stack.name))?.services[0]?.containers[0];
      expect(web?.name).toBe('web');
      await cli('stop', '--time', '0', db?.id ?? '');
      const { services } = await stack.stacks.plan(stack.name, { compose: file, env: '' }, forever);
      expect(services.map(({ action, reasons }) => `${action} ${reasons.join()}`)).toEqual([
        'START NOT_RUNNING',
        'RECREATE CONFIG',
      ]);
      const fewer = file.replace(/ {2}db:[^]*$/, '').replace('    depends_on: [db]\n', '');
      const without = await stack.stacks.plan(stack.name, { compose: fewer, env: '' }, forever);
      expect(without.services.map(({ service, action }) => [service, action])).toEqual([
        ['db', 'REMOVE'],
        ['web', 'RECREATE'],
      ]);
    });

    test('the env file decides what is in the containers, and nothing of the agent does', async () => {
      await using stack = await testStacks(command);
      process.env['SERVERKIT_TEST_LEAK'] = 'of the agent';
      const leak = file.replace('${GREETING:-hello}', '${SERVERKIT_TEST_LEAK:-nothing}');
      const none = file.replace('${GREETING:-hello}', 'nothing');
      const hash = async (compose: string, env: string): Promise<string | null | undefined> =>
        (await stack.stacks.plan(stack.name, { compose, env }, forever)).services[1]?.configHash;
      expect(await hash(leak, '')).toBe(await hash(none, ''));
      expect(await hash(file, 'GREETING=nothing\n')).toBe(await hash(none, ''));
      delete process.env['SERVERKIT_TEST_LEAK'];
    });

    test('a mistake is told with its line', async () => {
      await using stack = await testStacks(command);
      const problems = async (compose: string, env = ''): Promise<readonly unknown[]> =>
        (await stack.stacks.plan(stack.name, { compose, env }, forever)).problems;
      expect(await problems('services:\n  web: {\n    image: x\n')).toMatchObject([
        { line: expect.any(Number) },
      ]);
      expect(await problems('hello')).toMatchObject([{ line: 1 }]);
      expect(await problems('services: {}')).toHaveLength(1);
      expect(
        await problems(`services:\n  web:\n    image: ${busybox}\n    ports: ["80:abc"]\n`),
      ).toHaveLength(1);
      expect(await problems(`services:\n  web:\n    image: ${busybox}\n    healthchek: {}\n`)).toMatchObject([
        { line: 4, message: expect.stringContaining('healthchek') },
      ]);
      expect(await problems(`# ${'x'.repeat(1024 * 1024)}\n${file}`)).toMatchObject([
        { message: 'The file is larger than 1 MB.' },
      ]);
      expect(await problems(file, 'x'.repeat(1024 * 1024 + 1))).toHaveLength(1);
      const bomb =
        'a: &a [x,x,x,x,x,x,x,x,x]\n' +
        'bcdefghi'
          .split('')
          .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]\n`)
          .join('');
      expect(await problems(`${bomb}services: { web: { image: x, x-a: *i } }`)).toHaveLength(1);
    });

    test('a file beside it that is not there is told before anything is done', async () => {
      await using stack = await testStacks(command);
      const compose = `${file.replace('    depends_on: [db]', '    volumes: ["./web.conf:/web.conf:ro"]\n    secrets: [pw]')}secrets:\n  pw: { file: ./pw.txt }\n`;
      const versioned = command[0] === 'docker-compose' ? `version: "3.8"\n${compose}` : compose;
      const warnings = async (): Promise<readonly string[]> =>
        (await stack.stacks.plan(stack.name, { compose: versioned, env: '' }, forever)).warnings;
      expect(await warnings()).toEqual([
        "secrets.pw: there is no pw.txt in the stack's folder, so what uses it cannot start.",
        "web: there is no web.conf in the stack's folder; an empty folder is made of it.",
      ]);
      const own = `${stack.folder}/${stack.name}`;
      await mkdir(own);
      for (const name of ['pw.txt', 'web.conf']) await writeFile(`${own}/${name}`, '');
      expect(await warnings()).toEqual([]);
    });

    test('a name in the file is never overruled in silence', async () => {
      await using stack = await testStacks(command);
      const named = (name: string) =>
        stack.stacks.plan(stack.name, { compose: `${file}name: ${name}\n`, env: '' }, forever);
      expect((await named('another')).problems).toMatchObject([{ line: 13 }]);
      const own = (await named(stack.name)).problems;
      expect(own.length).toBe(command[0] === 'docker-compose' ? 1 : 0);
    });

    test('nothing outside of its folder is read, wherever a link leads', async () => {
      await using stack = await testStacks(command);
      const own = `${stack.folder}/${stack.name}`;
      await mkdir(own);
      await writeFile(`${stack.folder}/secret.env`, 'SECRET=hunter2\n');
      await writeFile(`${stack.folder}/other.yaml`, `services: { web: { image: ${busybox} } }\n`);
      await writeFile(`${own}/own.env`, 'A=1\n');
      await symlink(`${stack.folder}/secret.env`, `${own}/link.env`);
      await symlink('/etc', `${own}/etc`);
      const service = (lines: string) => `services:\n  web:\n    image: ${busybox}\n${lines}`;
      const plan = (compose: string) => stack.stacks.plan(stack.name, { compose, env: 'DIR=..\n' }, forever);
      const refused = [
        service('    env_file: ../secret.env\n'),
        service('    env_file: [own.env, link.env]\n'),
        service('    env_file: ${DIR}/secret.env\n'),
        service('    env_file: /etc/passwd\n'),
        service('    env_file: [{ path: etc/passwd }]\n'),
        service('    extends: { file: ../other.yaml, service: web }\n'),
        service('    build: ..\n'),
        service('    build: { context: etc }\n'),
        service('    build: { context: ., dockerfile: ../Dockerfile }\n'),
        service('    build: https://example.com/repository.git\n'),
        service('    build: user@example.com:repository.git\n'),
        service('    build: github.com/owner/repository\n'),
        service('    env_file: data/written-by-a-container.env\n'),
        service('').replace('services:', 'include: [../other.yaml]\nservices:'),
        service('').replace('services:', 'include: ["x@example.com:r.git"]\nservices:'),
        service('').replace('services:', 'include: [{ path: own.yaml, project_directory: data }]\nservices:'),
        service('').replace('services:', 'include: [{ path: own.yaml, env_file: ../secret.env }]\nservices:'),
        'x-a: &a { env_file: ../secret.env }\n' + service('    <<: *a\n'),
      ];
      for (const compose of refused) {
        const { problems } = await plan(compose);
        expect(problems).toMatchObject([{ message: expect.stringMatching(/folder|variable/) }]);
        expect(JSON.stringify(problems)).not.toContain('hunter2');
      }
      expect((await plan(service('    env_file: own.env\n'))).problems).toEqual([]);
      expect((await plan(service('    env_file: ./own.env\n'))).problems).toEqual([]);
      for (const name of [
        'GIT_SSH_COMMAND',
        'COMPOSE_EXPERIMENTAL_GIT_REMOTE',
        'LD_PRELOAD',
        'DOCKER_HOST',
      ]) {
        const env = `A=1\nexport ${name}=sh -c id\n`;
        const { problems } = await stack.stacks.plan(stack.name, { compose: service(''), env }, forever);
        expect(problems).toMatchObject([{ line: 2, message: expect.stringContaining(name) }]);
      }
    });

    test('what goes beyond its containers is named', async () => {
      await using stack = await testStacks(command, { deniedPaths: ['/srv/denied'] });
      // One service for each, so that it takes one plan.
      const beyond: [string, string][] = [
        ['privileged: true', 'privileged'],
        ['network_mode: host', 'network_mode'],
        ['pid: host', 'pid'],
        ['ipc: host', 'ipc'],
        ['cap_add: [SYS_ADMIN]', 'cap_add'],
        ['devices: ["/dev/kmsg:/dev/kmsg"]', 'devices'],
        ['security_opt: ["seccomp:unconfined"]', 'security_opt'],
        ['sysctls: { kernel.msgmax: "65536" }', 'sysctls'],
        ['volumes: ["/var/run/docker.sock:/s"]', 'volumes'],
        ['volumes: [{ type: bind, source: /etc, target: /e }]', 'volumes'],
        ['volumes: ["../other:/o"]', 'volumes'],
        ['volumes: [".:/o"]', 'volumes'],
        ['volumes: ["./.env:/o"]', 'volumes'],
        ['volumes: ["./compose.yaml:/o"]', 'volumes'],
        ['volumes: ["./data/deep:/o"]', 'volumes'],
        ['volumes: ["./link:/o"]', 'volumes'],
        ['labels: { com.docker.compose.project: other }', 'labels'],
        ['cgroup_parent: /system.slice', 'cgroup_parent'],
        ['userns_mode: host', 'userns_mode'],
        ['logging: { driver: syslog }', 'logging'],
      ];
      const within = [
        'volumes: ["./data:/o", "files:/f", "/anonymous"]',
        'cap_drop: [ALL]',
        'tmpfs: ["/run:size=1m"]',
        'ulimits: { nofile: { soft: 100, hard: 200 } }',
        'security_opt: ["no-new-privileges:true"]',
        'logging: { driver: json-file, options: { max-size: 1m } }',
        'pid: "service:a0"',
      ];
      await mkdir(`${stack.folder}/${stack.name}`);
      await symlink('/etc', `${stack.folder}/${stack.name}/link`);
      const services = (prefix: string, all: readonly string[]): string =>
        all.map((line, index) => `  ${prefix}${index}:\n    image: ${busybox}\n    ${line}\n`).join('');
      const compose = `version: "3.8"
services:
${services('a', within)}${services(
        'b',
        beyond.map(([line]) => line),
      )}
  c:
    image: ${busybox}
    volumes: ["etc:/o"]
    secrets: [s]
volumes: { files: {}, etc: { driver_opts: { type: none, o: bind, device: /etc } } }
secrets: { s: { file: /etc/shadow } }
`;
      const { privileged, problems } = await stack.stacks.plan(stack.name, { compose, env: '' }, forever);
      expect(problems).toEqual([]);
      const expected = [
        ...beyond.map(([, key], index) => `services.b${index}.${key}`),
        'volumes.etc.driver_opts',
        'secrets.s.file',
      ];
      expect(privileged.map(({ option }) => option).toSorted()).toEqual(expected.toSorted());
      const denied = `version: "3.8"\nservices: { web: { image: ${busybox}, volumes: ["/srv:/o"] } }`;
      expect(await stack.stacks.plan(stack.name, { compose: denied, env: '' }, forever)).toMatchObject({
        denied: '/srv',
      });
    });

    test('a harmless name that stands for a folder of the host is seen through', async () => {
      await using stack = await testStacks(command);
      const volume = `${stack.name}-etc`;
      const label = `com.docker.compose.project=${stack.name}`;
      await cli(
        'volume',
        'create',
        '--label',
        label,
        '--opt',
        'type=none',
        '--opt',
        'o=bind',
        '--opt',
        'device=/etc',
        volume,
      );
      const compose = `version: "3.8"\nservices: { web: { image: ${busybox}, volumes: ["etc:/o"] } }\nvolumes: { etc: { external: true, name: ${volume} } }\n`;
      const { privileged } = await stack.stacks.plan(stack.name, { compose, env: '' }, forever);
      expect(privileged).toMatchObject([{ option: `volume ${volume}` }]);
    });
  });

  test('without Compose it is said what to install', async () => {
    await using stack = await testStacks(['serverkit-no-such-program']);
    await expect(stack.stacks.plan(stack.name, { compose: file, env: '' }, forever)).rejects.toMatchObject({
      code: 'COMPOSE_UNAVAILABLE',
      message: expect.stringContaining('docker-compose-plugin'),
    });
    expect(await stack.stacks.get(stack.name)).toBeNull();
  });
});
