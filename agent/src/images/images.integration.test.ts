import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected, forever } from '../docker/testing.ts';
import { allImages } from './list.ts';
import { imageDetails, imageHistory, listImages, removeImage, tagImage } from './service.ts';
import { image } from './testing.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const lines = async (...args: string[]): Promise<string[]> => (await cli(...args)).trim().split('\n');

describeWith('docker', 'images of the real engine', () => {
  test('are listed as the docker command lists them, with who uses them', async () => {
    using docker = await connected();
    const set = uniqueName();
    await using own = await image([`LABEL set=${set} colour="blue\u001b[2J"`, 'RUN echo one > /one']);
    await using _other = await image([`LABEL set=${set} which=other`]);
    await using box = await container({ image: own.tag });
    const listed = (await allImages(docker.engine)).find(({ id }) => id === own.id);
    const [id, created, size] = (
      await cli('image', 'inspect', '--format', '{{.Id}} {{.Created}} {{.Size}}', own.tag)
    ).split(' ');
    expect(listed).toEqual({
      id,
      tags: [own.tag],
      digests: [],
      createdAt: Math.floor(Date.parse(created ?? '') / 1000) * 1000,
      sizeBytes: Number(size),
      labels: expect.arrayContaining([{ key: 'colour', value: 'blue\u001b[2J' }]) as unknown,
      containers: [{ id: box.id, name: box.name, running: true }],
    });
    const labelled = (await allImages(docker.engine)).filter(({ labels }) =>
      labels.some(({ value }) => value === set),
    );
    const shown = await lines('images', '--quiet', '--no-trunc', '--filter', `label=set=${set}`);
    expect(labelled.map(({ id: one }) => one).toSorted()).toEqual(shown.toSorted());
    expect(shown).toHaveLength(2);
  });

  test('come in pages that miss and repeat none', async () => {
    using docker = await connected();
    await using _one = await image(['LABEL page=one']);
    await using _two = await image(['LABEL page=two']);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await listImages(docker.engine, 1, after);
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([_one.id, _two.id]));
  });

  test('one is found by id, by the beginning of it and by name, and by nothing else', async () => {
    using docker = await connected();
    await using own = await image(['LABEL found=yes']);
    const digits = own.id.slice('sha256:'.length);
    for (const reference of [own.id, digits, digits.slice(0, 12), own.tag]) {
      expect((await imageDetails(docker.engine, reference))?.image.id).toBe(own.id);
    }
    for (const reference of [
      digits.slice(0, 11),
      'no-such-image',
      own.tag.slice(0, -2),
      '',
      '../containers',
    ]) {
      expect(await imageDetails(docker.engine, reference)).toBeNull();
    }
  });

  test('one whose name is the beginning of the id of another is not mistaken for it', async () => {
    using docker = await connected();
    await using own = await image(['LABEL trap=victim']);
    await using other = await image(['LABEL trap=trap']);
    const prefix = own.id.slice('sha256:'.length, 'sha256:'.length + 14);
    await cli('tag', other.id, `${prefix}:latest`);
    await expect(removeImage(docker.engine, prefix, false, forever)).rejects.toThrow(code('CONFLICT'));
  });

  test('details tell what inspect tells, without the values of variables', async () => {
    using docker = await connected();
    await using own = await image([
      'ENV DB_PASSWORD=hunter2',
      'EXPOSE 80/tcp',
      'VOLUME /data',
      'USER 1000',
      'WORKDIR /srv',
      'HEALTHCHECK CMD true',
      'STOPSIGNAL SIGINT',
      'ENTRYPOINT ["sh"]',
      'CMD ["-c", "true"]',
    ]);
    const details = await imageDetails(docker.engine, own.tag);
    const inspected = async (path: string): Promise<unknown> =>
      JSON.parse(await cli('image', 'inspect', '--format', `{{json ${path}}}`, own.tag));
    expect(details).toMatchObject({
      architecture: await inspected('.Architecture'),
      os: 'linux',
      user: '1000',
      workingDir: '/srv',
      entrypoint: ['sh'],
      command: ['-c', 'true'],
      environmentNames: ['PATH', 'DB_PASSWORD'],
      exposedPorts: ['80/tcp'],
      volumes: ['/data'],
      healthcheck: ['CMD-SHELL', 'true'],
      stopSignal: 'SIGINT',
    });
    expect(details?.layers).toBe(await inspected('(len .RootFS.Layers)'));
    expect(JSON.stringify(details)).not.toContain('hunter2');
    expect(details?.inspectJson).toContain('/srv');
  });

  test('history is that of the docker command, without what looks secret', async () => {
    using docker = await connected();
    await using own = await image(['ENV API_TOKEN=hunter2 COLOUR=blue', 'RUN echo one > /one']);
    const history = await imageHistory(docker.engine, own.tag);
    const sizes = await lines('history', '--human=false', '--format', '{{.Size}}', own.tag);
    expect(history.map(({ sizeBytes }) => sizeBytes)).toEqual(sizes.map(Number));
    expect(history[0]?.tags).toEqual([own.tag]);
    expect(history[0]?.createdBy).toContain('echo one > /one');
    expect(history[1]?.createdBy).toContain('API_TOKEN=•••••• COLOUR=blue');
    expect(JSON.stringify(history)).not.toContain('hunter2');
    await expect(imageHistory(docker.engine, 'no-such-image')).rejects.toThrow(code('NOT_FOUND'));
  });

  test('get further names, lose them one by one, and go with the last', async () => {
    using docker = await connected();
    await using own = await image(['LABEL tagged=yes']);
    const name = uniqueName();
    const tagged = await tagImage(docker.engine, own.tag, name, forever);
    expect(tagged.tags).toEqual([own.tag, `${name}:latest`].toSorted());
    await expect(removeImage(docker.engine, own.id, false, forever)).rejects.toThrow(code('CONFLICT'));
    const one = await removeImage(docker.engine, own.tag, false, forever);
    expect(one).toEqual({ untagged: [own.tag], deletedIds: [] });
    const last = await removeImage(docker.engine, name, false, forever);
    expect(last.untagged).toEqual([`${name}:latest`]);
    expect(last.deletedIds).toContain(own.id);
    await expect(cli('image', 'inspect', own.id)).rejects.toThrow(/No such image/);
  });

  test.each(['a b', 'a/UPPER', '-x', 'name@sha256:0', '', 'a:b:c', '../x'])(
    '%j is no name to give',
    async (target) => {
      using docker = await connected();
      const tagging = tagImage(docker.engine, testImages.busybox, target, forever);
      await expect(tagging).rejects.toThrow(code('INPUT_INVALID'));
    },
  );

  test('one that a container uses stays, unless it is stopped and that is forced', async () => {
    using docker = await connected();
    await using own = await image(['LABEL used=yes']);
    await using box = await container({ image: own.tag });
    await expect(removeImage(docker.engine, own.tag, false, forever)).rejects.toThrow(code('CONFLICT'));
    await expect(removeImage(docker.engine, own.id, true, forever)).rejects.toThrow(code('CONFLICT'));
    await cli('kill', box.id);
    await expect(removeImage(docker.engine, own.tag, false, forever)).rejects.toThrow(code('CONFLICT'));
    const { deletedIds } = await removeImage(docker.engine, own.id, true, forever);
    expect(deletedIds).toContain(own.id);
  });

  test('a command whose caller has left is not carried out', async () => {
    using docker = await connected();
    await using own = await image(['LABEL left=yes']);
    const gone = AbortSignal.abort();
    const name = uniqueName();
    await expect(tagImage(docker.engine, own.tag, name, gone)).rejects.toThrow(code('CANCELLED'));
    await expect(removeImage(docker.engine, own.tag, false, gone)).rejects.toThrow(code('CANCELLED'));
    expect((await imageDetails(docker.engine, own.id))?.image.tags).toEqual([own.tag]);
  });
});
