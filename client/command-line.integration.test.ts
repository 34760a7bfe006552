import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiToken } from '../testing/api-token.ts';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { container, docker, type TestContainer } from '../testing/docker.ts';
import { eventually } from '../testing/events.ts';
import { fence } from '../testing/fences.ts';
import { packedClient } from '../testing/packed-client.ts';
import { describeWith } from '../testing/parts.ts';
import { plainEnv, startProcess } from '../testing/processes.ts';
import type { TempDir } from '../testing/tmp.ts';

/** Commands of the README that go on until they are interrupted, with what shows that they work. */
const endless: Readonly<Record<string, RegExp>> = {
  logs: /said again and again/,
  metrics: /\d+(\.\d+)? ?%|cpuPercent/,
};

describeWith('docker', "the README's command lines, one after the other, by the packed client", () => {
  const undo = new AsyncDisposableStack();
  let plane: ControlPlane;
  let folder: TempDir;
  let box: TestContainer;
  let other: TestContainer;
  let server: { readonly id: string; readonly name: string };

  beforeAll(async () => {
    box = undo.use(
      await container({
        labels: { app: 'web' },
        command: ['sh', '-c', 'trap "exit 0" TERM; while :; do echo said again and again; sleep 1; done'],
      }),
    );
    other = undo.use(await container({ command: ['sh', '-c', 'echo said once; exec sleep 1000'] }));
    plane = undo.use(await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } }));
    folder = undo.use(await packedClient());
    const admin = await plane.signIn();
    server = await eventually(
      async () => {
        const { containers } = await admin.query<{
          containers: { nodes: { name: string; server: { id: string; name: string } }[] };
        }>('{ containers(first: 500) { nodes { name server { id name } } } }');
        const seen = containers.nodes.find(({ name }) => name === box.name);
        return containers.nodes.some(({ name }) => name === other.name) && seen?.server;
      },
      'the containers to be seen',
      { limit: 60_000 },
    );
    await admin.query(
      'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
      {
        input: { serverId: server.id, name: 'web-1' },
      },
    );
    const { secret } = await apiToken(admin, 'servers:read', 'system:metrics:read', 'docker:containers:*');
    writeFileSync(folder.file('token-file'), `${secret}\n`);
    writeFileSync(folder.file('query.graphql'), 'query ($id: ID!) { server(id: $id) { name } }\n');
  });
  afterAll(() => undo.disposeAsync());

  const lines = fence('client/README.md', 'command-line').trim().split('\n');
  test.each(lines)('%s', async (line) => {
    // The names that stand for the reader's own.
    const command = line
      .replace('https://serverkit.example.com', plane.url)
      .replace('web-1/nginx', `web-1/${box.name}`)
      .replace('web-1/redis', `web-1/${other.name}`)
      .replace('srv_…', server.id)
      .replace('npx ', 'exec npx --offline ');
    await using program = startProcess('bash', ['-c', command], {
      cwd: folder.path,
      env: plainEnv({ XDG_CONFIG_HOME: folder.path }),
    });
    if (line.endsWith(' events')) {
      // It tells what happens from now on, so something has to happen until it does.
      await eventually(
        async () => {
          await docker('restart', '--time', '0', box.id);
          return program.output().includes(`web-1/${box.name}`);
        },
        'the restart to be told',
        { limit: 30_000 },
      );
      return;
    }
    const until = endless[line.split(' ')[2] ?? ''];
    if (until) {
      await program.match(until);
      program.killGroup('SIGINT');
      expect(await program.exit).not.toMatchObject({ code: 1 });
    } else {
      expect(await program.exit).toEqual({ code: 0, signal: null });
    }
  });
});
