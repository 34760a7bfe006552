import { expect } from 'vitest';
import { docker } from '../../../testing/docker.ts';
import { freshImage, registry } from '../../../testing/registry.ts';
import type { Comparison } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

const ada = { username: 'ada', password: 'correct horse' };

async function keepCredentials({ client }: DockerRig, host: string, password: string): Promise<string> {
  const { createRegistry } = await client.query<{ createRegistry: { registry: { id: string } } }>(
    'mutation C($input: CreateRegistryInput!) { createRegistry(input: $input) { registry { id } } }',
    { input: { host, ...ada, password, places: { everywhere: true } } },
  );
  return createRegistry.registry.id;
}

const signingIn: Comparison = {
  title: 'a server is let into a registry where docker login is',
  covers: ['Mutation.checkRegistry', 'CheckRegistryPayload.accepted', 'CheckRegistryPayload.message'],
  async run(rig) {
    await using hub = await registry({ credentials: ada });
    const registryId = await keepCredentials(rig, hub.address, ada.password);
    const { checkRegistry } = await rig.query<{ checkRegistry: object }>(
      'mutation Check($serverId: ID!, $registryId: ID!) { checkRegistry(input: { serverId: $serverId, registryId: $registryId }) { accepted message } }',
      { registryId },
    );
    const { username, password } = ada;
    const said = await hub.docker('login', '--username', username, '--password', password, hub.address);
    expect(said.trim().split('\n').at(-1)).toBe('Login Succeeded');
    expect(checkRegistry).toEqual({ accepted: true, message: 'Login Succeeded' });
  },
};

const newer: Comparison = {
  title: 'what is newer in a registry is what docker pull then brings',
  covers: ['ImageUpdate.state', 'ImageUpdate.remoteDigest'],
  async run(rig) {
    await using hub = await registry({ credentials: ada });
    await keepCredentials(rig, hub.address, ada.password);
    const made = [await freshImage(), await freshImage()] as const;
    const reference = await hub.push(made[0], 'team/web:1');
    const ask = async () =>
      (
        await rig.query<{ server: { imageUpdates: { state: string; remoteDigest: string | null }[] } }>(
          'query Newer($serverId: ID!, $references: [String!]!) { server(id: $serverId) { imageUpdates(references: $references) { state remoteDigest } } }',
          { references: [reference, made[1]] },
        )
      ).server.imageUpdates;
    const pulled = async (): Promise<string | undefined> =>
      /Digest: (\S+)/.exec(await hub.docker('pull', reference))?.[1];
    try {
      const first = await pulled();
      const local = { state: 'LOCAL', remoteDigest: null };
      expect(await ask()).toEqual([{ state: 'CURRENT', remoteDigest: first }, local]);
      await hub.push(made[1], 'team/web:1');
      const byDigest = `${reference.slice(0, -2)}@${first}`;
      await hub.docker('pull', '--quiet', byDigest);
      await docker('tag', byDigest, reference);
      const [told] = await ask();
      expect(told).toEqual({ state: 'NEWER', remoteDigest: await pulled() });
      await docker('rmi', byDigest);
    } finally {
      await docker('rmi', '--force', reference, ...made);
    }
  },
};

export const registries: readonly Comparison[] = [signingIn, newer];
