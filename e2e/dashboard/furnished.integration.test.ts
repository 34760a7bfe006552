import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { controlPlane } from '../../testing/control-plane.ts';
import { docker } from '../../testing/docker.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { furnished } from './furnished.ts';

// Root's own agent has an account that may look neither into the data directory nor into the engine's.
describeWith(['root', 'docker', 'compose'], 'the agent of this machine', () => {
  test('deploys a stack with a volume and files beside it, and opens the files of the volume', async () => {
    await using plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    await using made = await furnished(plane);
    const client = await plane.signIn();
    const { server } = await client.query<{ server: { files: { items: { name: string }[] } } }>(
      `query ($serverId: ID!, $place: FilePlaceInput!) {
        server(id: $serverId) { files(place: $place, path: "/") { items { name } } }
      }`,
      { serverId: made.serverId, place: { kind: 'VOLUME', id: made.name } },
    );
    expect(server.files.items.map(({ name }) => name)).toEqual(['more', 'notes.txt']);
    const folder = '{{index .Config.Labels "com.docker.compose.project.working_dir"}}';
    const place = (await docker('inspect', '--format', folder, made.containerId)).trim();
    expect(await readFile(`${place}/beside/greeting`, 'utf8')).toBe('hello\n');

    // A volume may hold a link to anywhere, which the engine would follow.
    await docker('exec', made.containerId, 'ln', '-s', plane.dataDir, '/data/out');
    const source = await docker('volume', 'inspect', '--format', '{{.Mountpoint}}', made.name);
    const spec = {
      image: testImages.busybox,
      mounts: [{ kind: 'BIND', source: `${source.trim()}/out`, target: '/out' }],
    };
    const making = client.query(
      'mutation ($input: CreateContainerInput!) { createContainer(input: $input) { job { id } } }',
      { input: { serverId: made.serverId, spec } },
    );
    await expect(making).rejects.toThrow('configuration denies');
  });
});
