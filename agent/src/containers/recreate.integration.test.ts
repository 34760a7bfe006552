import { readdir, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { container, docker as cli, uniqueName, type ContainerOptions } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { tempDir } from '../../../testing/tmp.ts';
import type { DockerService } from '../docker/service.ts';
import { connected } from '../docker/testing.ts';
import { AgentStops } from '../jobs/job.ts';
import { untold } from '../jobs/testing.ts';
import { silentLog } from '../log.ts';
import { keptVariables } from './kept-variables.ts';
import { duplicate, mayReplace, recreate, type Steps } from './recreate.ts';
import { openReplacements, type ReplacementNotes } from './replacements.ts';
import { unnoted, workWith } from './testing.ts';

const quiet: Steps = { step: () => undefined, line: () => undefined };
const idle = 'trap "exit 0" TERM INT; sleep infinity & wait';

/** An image of our own, whose name can be given to another. Gone at the end. */
async function image(name: string, changes: readonly string[]) {
  await using box = await container({ start: false, command: ['sh', '-c', idle] });
  const id = (await cli('commit', ...changes.flatMap((change) => ['--change', change]), box.id, name)).trim();
  return {
    id,
    [Symbol.asyncDispose]: async () => void (await cli('rmi', '--force', id)),
  };
}

/** A container that may be replaced: whatever has its name or a name like it is removed at the end. */
async function replaceable(options: ContainerOptions) {
  const box = await container(options);
  return {
    ...box,
    names: async () =>
      (await cli('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${box.name}`))
        .trim()
        .split('\n')
        .toSorted(),
    [Symbol.asyncDispose]: async () => {
      const ids = (await cli('ps', '--all', '--quiet', '--filter', `name=${box.name}`)).trim();
      if (!ids) return;
      const found = ids.split('\n');
      const mounts = await cli('inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', ...found);
      await cli('rm', '--force', '--volumes', ...found);
      // A volume without a name of its own came to the new container by its id, and does not go with it.
      const volumes = new Set(mounts.split(/\s+/).filter((name) => /^[0-9a-f]{64}$/.test(name)));
      if (volumes.size > 0) await cli('volume', 'rm', '--force', ...volumes);
    },
  };
}

const read = async (format: string, id: string): Promise<string> =>
  (await cli('inspect', '--format', format, id)).trim();
const options = { image: null, healthTimeoutMs: 60_000, secrets: [], notes: unnoted };
/** What runs under a name that was given on this host takes it. */
const running = ['docker:containers:exec'] as const;

describe('recreating a container', () => {
  test('keeps what was chosen and lets what came with the image follow the new one', async () => {
    using docker = await connected();
    const name = `serverkit-test/next:${uniqueName()}`;
    await using second = await image(uniqueName(), ['ENV A=new', 'ENV B=same', 'LABEL v=2', 'WORKDIR /var']);
    await using _first = await image(name, [
      'ENV A=old',
      'ENV B=same',
      'LABEL v=1',
      'WORKDIR /tmp',
      'EXPOSE 80',
    ]);
    await using box = await replaceable({
      image: name,
      command: ['sh', '-c', idle],
      options: [
        '--env',
        'C=own',
        '--memory',
        '64m',
        '--restart',
        'on-failure:2',
        '-p',
        '127.0.0.1::80',
        '-v',
        '/cache',
        '--hostname',
        'web',
        '--label',
        'team=web',
      ],
    });
    await box.exec('sh', '-c', 'echo kept > /cache/file');
    await cli('tag', second.id, name);
    const steps: string[] = [];
    const done = await recreate(box.id, options, workWith(docker, { scopes: running }), {
      ...quiet,
      step: (step) => steps.push(step),
    });
    expect(done).toMatchObject({ container: { name: box.name, state: 'RUNNING' }, imageId: second.id });
    expect(done.container.id).not.toBe(box.id);
    const id = done.container.id;
    const environment = await read('{{json .Config.Env}}', id);
    for (const variable of ['A=new', 'B=same', 'C=own']) expect(environment).toContain(`"${variable}"`);
    expect(environment).not.toContain('A=old');
    expect(await read('{{.Config.Labels.v}} {{.Config.Labels.team}} {{.Config.WorkingDir}}', id)).toBe(
      '2 web /var',
    );
    expect(
      await read('{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Hostname}}', id),
    ).toBe(`${64 << 20} on-failure web`);
    expect(await cli('port', id, '80/tcp')).toMatch(/^127\.0\.0\.1:\d+/);
    expect(await cli('exec', id, 'cat', '/cache/file')).toBe('kept\n');
    expect(await box.names()).toEqual([box.name]);
    expect(steps[0]).toContain(name);
  });

  test.each([
    [
      'ends at once',
      ['CMD ["sh", "-c", "echo there is no config >&2; exit 3"]'],
      /exit code 3/,
      'there is no config',
      60_000,
    ],
    [
      'is unhealthy',
      [
        'HEALTHCHECK --interval=200ms --retries=1 CMD echo nobody listens; false',
        `CMD ["sh", "-c", ${JSON.stringify(idle)}]`,
      ],
      /unhealthy/,
      'nobody listens',
      60_000,
    ],
    [
      'takes too long',
      [
        'HEALTHCHECK --interval=500ms --start-period=60s --retries=1 CMD false',
        `CMD ["sh", "-c", ${JSON.stringify(idle)}]`,
      ],
      /not healthy within 3 s/,
      'said nothing',
      3_000,
    ],
    ['cannot be started', ['CMD ["/no/such/program"]'], /no\/such\/program/, 'said nothing', 60_000],
  ])(
    'puts the old one back when the new one %s, and tells what it said',
    async (_why, changes, message, told, healthTimeoutMs) => {
      using docker = await connected();
      const name = `serverkit-test/next:${uniqueName()}`;
      await using first = await image(uniqueName(), [`CMD ["sh", "-c", ${JSON.stringify(idle)}]`]);
      await using second = await image(uniqueName(), changes);
      await cli('tag', first.id, name);
      await using box = await replaceable({ image: name, command: [] });
      await cli('tag', second.id, name);
      const lines: string[] = [];
      const steps: Steps = { ...quiet, line: (line) => void lines.push(line) };
      await expect(
        recreate(box.id, { ...options, healthTimeoutMs }, workWith(docker, { scopes: running }), steps),
      ).rejects.toThrow(
        expect.objectContaining({ code: 'CONFLICT', message: expect.stringMatching(message) }),
      );
      expect(lines.join('\n')).toContain(told);
      expect(await read('{{.Id}} {{.State.Status}}', box.name)).toBe(`${box.id} running`);
      expect(await box.names()).toEqual([box.name]);
    },
  );

  test('is refused for what was given its name on this host: it would run with the variables of another', async () => {
    using docker = await connected();
    const name = `serverkit-test/next:${uniqueName()}`;
    await using first = await image(uniqueName(), [`CMD ["sh", "-c", ${JSON.stringify(idle)}]`]);
    await using second = await image(uniqueName(), ['LABEL of=another']);
    await cli('tag', first.id, name);
    await using box = await replaceable({
      image: name,
      command: [],
      options: ['--env', 'KEY=in confidence'],
    });
    await cli('tag', second.id, name);
    await expect(recreate(box.id, options, workWith(docker), quiet)).rejects.toThrow(
      expect.objectContaining({ code: 'SCOPE_DENIED' }),
    );
    expect(await read('{{.Id}} {{.State.Status}}', box.name)).toBe(`${box.id} running`);
    expect(await box.names()).toEqual([box.name]);
  });

  test('one that is cancelled half-way is put back', async () => {
    using docker = await connected();
    await using box = await replaceable({});
    const leaving = new AbortController();
    const work = { ...workWith(docker), signal: leaving.signal };
    const stop: Steps = { ...quiet, step: (step) => step.startsWith('waiting') && leaving.abort() };
    await expect(recreate(box.id, options, work, stop)).rejects.toThrow(
      expect.objectContaining({ code: 'CANCELLED' }),
    );
    expect(await read('{{.Id}} {{.State.Status}}', box.name)).toBe(`${box.id} running`);
    expect(await box.names()).toEqual([box.name]);
  });

  describe('that the end of the agent interrupts', () => {
    /** @returns what the next agent tells, once it has done its part, and its notes as soon as it has begun */
    async function nextAgent(
      docker: DockerService,
      folder: string,
      begun?: (notes: ReplacementNotes) => Promise<unknown>,
    ): Promise<string> {
      const { promise, resolve } = Promise.withResolvers<string>();
      const tell = (words: string, details: unknown): void => resolve(`${words} ${JSON.stringify(details)}`);
      const jobs: Promise<string>[] = [];
      const notes = openReplacements({
        folder,
        docker,
        log: { ...silentLog, warn: tell, error: tell },
        jobs: { settle: (id, aftermath) => void jobs.push(aftermath.then(({ now }) => `${id}: ${now}`)) },
      });
      await begun?.(notes);
      const told = await promise;
      const afterwards = await Promise.all(jobs);
      expect(await readdir(folder)).toEqual([]);
      return [told, ...afterwards].join(' ');
    }

    test('is put back by the next agent, and nobody else begins anything on it until then', async () => {
      using docker = await connected();
      await using dir = await tempDir('sk-replacements-');
      await using box = await replaceable({});
      const stopping = new AbortController();
      const work = { ...workWith(docker), signal: stopping.signal };
      const notes = openReplacements({ folder: dir.path, docker, log: silentLog, jobs: untold });
      const stop: Steps = {
        ...quiet,
        step: (step) => step.startsWith('waiting') && stopping.abort(new AgentStops()),
      };
      await expect(recreate(box.id, { ...options, job: 'job_1', notes }, work, stop)).rejects.toThrow(
        expect.objectContaining({ code: 'CANCELLED' }),
      );
      expect(await box.names()).toEqual([box.name, `${box.name}.before-${box.id.slice(0, 8)}`]);
      const told = await nextAgent(docker, dir.path, (next) =>
        expect(recreate(box.id, { ...options, notes: next }, workWith(docker), quiet)).rejects.toThrow(
          /is being put back/,
        ),
      );
      expect(told).toMatch(/^a container was put back .*It runs as before/);
      expect(told).toContain(`job_1: ${box.name} was put back. It runs as before.`);
      expect(await read('{{.Id}} {{.State.Status}}', box.name)).toBe(`${box.id} running`);
      expect(await box.names()).toEqual([box.name]);
    });

    /** As an agent that was killed a minute ago left it. @returns what the next one tells */
    async function killed(name: string, id: string, meanwhile: () => Promise<unknown>): Promise<string> {
      using docker = await connected();
      await using dir = await tempDir('sk-replacements-');
      const names = { made: `${name}.new-0`, before: `${name}.before-0` };
      const at = Date.now() - 120_000;
      const note = dir.file(`${id}.json`);
      await writeFile(note, JSON.stringify({ id, name, at, names, made: null, ran: true }));
      await utimes(note, at / 1000, at / 1000 + 60);
      await meanwhile();
      return await nextAgent(docker, dir.path);
    }

    test('is put back where the new one has ended by itself', async () => {
      await using box = await replaceable({});
      const made = (
        await cli('run', '--detach', '--name', `${box.name}.new-0`, testImages.busybox, 'true')
      ).trim();
      const told = await killed(box.name, box.id, () => cli('wait', made));
      expect(told).toContain('a container was put back');
      expect(await box.names()).toEqual([box.name]);
      expect(await box.state()).toBe('running');
    });

    test('is left as it is where somebody has stopped it since, and what there is of it is told', async () => {
      await using box = await replaceable({});
      const told = await killed(box.name, box.id, () => cli('stop', box.name));
      expect(told).toContain('is left as it is');
      expect(told).toContain(
        `"why":"Somebody has stopped ${box.name} since.","there":"${box.name} (stopped)"`,
      );
      expect(await box.state()).toBe('exited');
    });
  });

  test('one that is stopped is replaced and stays stopped', async () => {
    using docker = await connected();
    await using box = await replaceable({ start: false });
    const { container: made } = await recreate(box.id, options, workWith(docker), quiet);
    expect(made).toMatchObject({ name: box.name, state: 'CREATED' });
  });

  test('what could not be put back, or reaches beyond itself, is refused', async () => {
    using docker = await connected();
    await using leaver = await container({ options: ['--rm'] });
    await using strong = await container({ options: ['--cap-add', 'NET_ADMIN'], start: false });
    await expect(recreate(leaver.id, options, workWith(docker), quiet)).rejects.toThrow('removes itself');
    await expect(recreate(strong.id, options, workWith(docker), quiet)).rejects.toThrow(
      expect.objectContaining({ code: 'PRIVILEGE_NEEDED' }),
    );
    await expect(
      duplicate(
        strong.id,
        { name: uniqueName(), publishedPorts: true, start: false, secrets: [] },
        workWith(docker),
      ),
    ).rejects.toThrow(expect.objectContaining({ code: 'PRIVILEGE_NEEDED' }));
  });
});

describe('duplicating a container', () => {
  test('gives one like it with volumes without a name of its own', async () => {
    using docker = await connected();
    await using box = await container({
      options: [
        '--env',
        'A=b',
        '-v',
        '/cache',
        '-p',
        '127.0.0.1::80',
        '--label',
        'com.docker.compose.project=p',
      ],
    });
    const name = uniqueName();
    const made = await duplicate(
      box.id,
      { name, publishedPorts: false, start: true, secrets: [] },
      workWith(docker),
    );
    try {
      expect(made).toMatchObject({
        name,
        state: 'RUNNING',
        image: testImages.busybox,
        ports: [{ publicPort: null }],
      });
      expect(await read('{{json .Config.Env}} {{json .Config.Labels}}', made.id)).toMatch(/"A=b"/);
      expect(await read('{{json .Config.Labels}}', made.id)).not.toContain('compose');
      const volume = (id: string) => read('{{(index .Mounts 0).Name}} {{(index .Mounts 0).Destination}}', id);
      expect(await volume(made.id)).toMatch(/ \/cache$/);
      expect(await volume(made.id)).not.toBe(await volume(box.id));
    } finally {
      await cli('rm', '--force', '--volumes', made.id);
    }
  });
});

test('variables of a container are kept for another one by those who may run commands in it, and for nobody else', async () => {
  using docker = await connected();
  const references = JSON.stringify({ variables: [{ name: 'TOKEN', secret: 'held' }], files: [] });
  await using box = await container({
    options: [
      '--env',
      'DB_PASSWORD=a=b',
      '--env',
      'TOKEN=x',
      '--label',
      `io.serverkit.secrets=${references}`,
    ],
    start: false,
  });
  const may = workWith(docker, { scopes: ['docker:containers:exec'] });
  const names = ['DB_PASSWORD', 'DB_PASSWORD'];
  expect(await keptVariables({ id: box.id, names }, may)).toEqual([{ name: 'DB_PASSWORD', value: 'a=b' }]);
  for (const name of ['TOKEN', 'ELSE']) {
    await expect(keptVariables({ id: box.id, names: [name] }, may)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  }
  await expect(keptVariables({ id: box.id, names }, workWith(docker))).rejects.toMatchObject({
    code: 'SCOPE_DENIED',
  });
});

test('another image runs in the place of one only for those who may run programs in it; another release of it does not ask', () => {
  const [none, exec] = [new Set<string>(), new Set(['docker:containers:exec'])];
  for (const wanted of ['web', 'web:2', 'docker.io/library/web@sha256:' + '0'.repeat(64)]) {
    expect(() => mayReplace('web:1', wanted, none)).not.toThrow();
  }
  for (const wanted of [
    'thief/web:1',
    'registry.example/library/web:1',
    'busybox',
    'sha256:' + '0'.repeat(64),
  ]) {
    expect(() => mayReplace('web:1', wanted, none)).toThrow(
      expect.objectContaining({ code: 'SCOPE_DENIED' }),
    );
    expect(() => mayReplace('web:1', wanted, exec)).not.toThrow();
  }
});
