import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { controlPlane } from '../../testing/control-plane.ts';
import { docker } from '../../testing/docker.ts';
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
  });
});
