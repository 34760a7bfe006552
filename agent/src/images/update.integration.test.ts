import { expect, test } from 'vitest';
import { docker as cli } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { freshImage, registry } from '../../../testing/registry.ts';
import { connected } from '../docker/testing.ts';
import { image } from './testing.ts';
import { imageUpdate } from './update.ts';

const ada = { username: 'ada', password: 'correct horse' };
const digestOf = async (reference: string): Promise<string | undefined> =>
  (await cli('image', 'inspect', '--format', '{{index .RepoDigests 0}}', reference)).trim().split('@')[1];

describeWith(['docker', 'registry'], 'the digest behind a tag', () => {
  test('is that of the image here until something else is pushed under the tag', async () => {
    using docker = await connected();
    await using hub = await registry({ credentials: ada });
    const [first, second] = [await freshImage(), await freshImage()];
    const reference = await hub.push(first, 'team/web:1');
    try {
      await hub.docker('pull', '--quiet', reference);
      const auth = { ...ada, serverAddress: hub.address };
      const here = await digestOf(reference);
      const asked = (): ReturnType<typeof imageUpdate> => imageUpdate(docker.engine, reference, [auth]);
      expect(await asked()).toEqual({ localDigests: [here], remoteDigest: here });
      await expect(imageUpdate(docker.engine, reference, [])).rejects.toThrow('wants a password');

      // Whoever pushes takes the tag away here, so what was here before is fetched by its digest.
      await hub.push(second, 'team/web:1');
      const byDigest = `${reference.slice(0, -2)}@${here}`;
      await hub.docker('pull', '--quiet', byDigest);
      await cli('tag', byDigest, reference);
      const { localDigests, remoteDigest } = await asked();
      expect(localDigests).toEqual([here]);
      expect(remoteDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(remoteDigest).not.toBe(here);
    } finally {
      await cli('rmi', '--force', first, second, reference);
    }
  });

  test('of an image that was made here is not asked for', async () => {
    using docker = await connected();
    await using own = await image(['LABEL made=here']);
    expect(await imageUpdate(docker.engine, own.tag, [])).toEqual({ localDigests: [], remoteDigest: null });
    await expect(imageUpdate(docker.engine, 'no-such-image', [])).rejects.toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});
