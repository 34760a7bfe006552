import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../../testing/docker.ts';
import { hold, namesOf, type Comparison, type Truths } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

/** What `stat` prints in the container. */
interface Told {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: number;
  readonly target: string | null;
}

const kinds: Readonly<Record<string, string>> = { d: 'DIRECTORY', '-': 'FILE', l: 'SYMLINK' };

const truths: Truths<Told> = {
  name: ({ name }) => name,
  kind: ({ type }) => kinds[type] ?? 'OTHER',
  sizeBytes: ({ type, size }) => (type === '-' ? size : null),
  mode: ({ mode }) => mode,
  uid: ({ uid }) => uid,
  gid: ({ gid }) => gid,
  modifiedAt: ({ modified }) => new Date(modified * 1000).toISOString(),
  linkTarget: ({ target }) => target,
};

async function told(box: TestContainer, folder: string): Promise<Told[]> {
  const script = `cd ${folder} && for f in *; do stat -c '%A|%s|%a|%u|%g|%Y|%n' "$f"; readlink "$f" || echo; done`;
  const lines = (await box.exec('sh', '-c', script)).trimEnd().split('\n');
  return lines.flatMap((line, index) => {
    if (index % 2 === 1) return [];
    const [access = '', size, mode = '', uid, gid, modified, name = ''] = line.split('|');
    return {
      name,
      type: access.slice(0, 1),
      size: Number(size),
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
      modified: Number(modified),
      target: lines[index + 1] || null,
    };
  });
}

async function download(rig: DockerRig, input: object): Promise<Buffer> {
  const { startFileDownload } = await rig.query<{ startFileDownload: { url: string } }>(
    `mutation Download($input: StartFileDownloadInput!) { startFileDownload(input: $input) { url expiresAt } }`,
    { input: { serverId: rig.serverId, ...input } },
  );
  const answer = await fetch(`${rig.url}${startFileDownload.url}`);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

async function upload(rig: DockerRig, input: object, content: Buffer): Promise<void> {
  const { startFileUpload } = await rig.query<{ startFileUpload: { url: string } }>(
    `mutation Upload($input: StartFileUploadInput!) { startFileUpload(input: $input) { url expiresAt } }`,
    { input: { serverId: rig.serverId, sizeBytes: content.length, ...input } },
  );
  const answer = await fetch(`${rig.url}${startFileUpload.url}`, {
    method: 'PUT',
    body: new Uint8Array(content),
  });
  expect(answer.status).toBe(200);
}

const digest = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const reading: Comparison = {
  title: 'files are listed as they are in the container, and downloaded as docker cp copies them',
  covers: [
    ...namesOf('File', truths),
    'FilePage.complete',
    'FilePage.items',
    'FilePage.next',
    'FilePage.path',
    'Mutation.startFileDownload',
  ],
  async run(rig) {
    await using box = await container();
    await box.exec(
      'sh',
      '-c',
      'mkdir -p /data/sub && cd /data && head -c 300000 /dev/urandom >random && chmod 4750 random && chown 1000:50 random && ln -s random link && mkfifo pipe && echo x >sub/x',
    );
    const place = { kind: 'CONTAINER', id: box.id };
    const { server } = await rig.query<{ server: { files: { items: object[] } } }>(
      `query Listed($serverId: ID!, $place: FilePlaceInput!) {
        server(id: $serverId) {
          files(place: $place, path: "/data") { path next complete items { ${Object.keys(truths).join(' ')} } }
        }
      }`,
      { place },
    );
    const truth = await told(box, '/data');
    expect(server.files).toMatchObject({ path: '/data', next: null, complete: true });
    expect(server.files.items).toHaveLength(truth.length);
    for (const [index, one] of truth.entries()) hold(server.files.items[index], truths, one);
    const [sum] = (await box.exec('sha256sum', '/data/random')).split(' ');
    expect(digest(await download(rig, { place, path: '/data/random' }))).toBe(sum);
    const archive = await download(rig, { place, path: '/data/sub', archive: true });
    expect(archive.toString('latin1')).toMatch(/sub\/x/);
  },
};

const inVolumes: Comparison = {
  title: 'files of a volume are those that a container which has it sees',
  covers: ['Mutation.startFileDownload'],
  async run(rig) {
    const name = uniqueName();
    await docker('volume', 'create', '--label', 'serverkit.test=1', name);
    try {
      await using box = await container({ options: ['-v', `${name}:/data`] });
      await box.exec('sh', '-c', 'mkdir /data/sub && head -c 100000 /dev/urandom >/data/sub/random');
      const place = { kind: 'VOLUME', id: name };
      const { server } = await rig.query<{ server: { files: { items: object[] } } }>(
        `query Listed($serverId: ID!, $place: FilePlaceInput!) {
          server(id: $serverId) { files(place: $place, path: "/sub") { items { ${Object.keys(truths).join(' ')} } } }
        }`,
        { place },
      );
      const [truth] = await told(box, '/data/sub');
      if (!truth) throw new Error('the container told nothing');
      expect(server.files.items).toHaveLength(1);
      hold(server.files.items[0], truths, truth);
      const [sum] = (await box.exec('sha256sum', '/data/sub/random')).split(' ');
      expect(digest(await download(rig, { place, path: '/sub/random' }))).toBe(sum);
    } finally {
      await docker('volume', 'rm', '--force', name);
    }
  },
};

const writing: Comparison = {
  title: 'files are uploaded into containers and volumes as docker cp would put them there',
  covers: ['Mutation.startFileUpload'],
  async run(rig) {
    const name = uniqueName();
    await docker('volume', 'create', '--label', 'serverkit.test=1', name);
    try {
      await using box = await container({ options: ['-v', `${name}:/data`] });
      const content = randomBytes(700_000);
      await upload(rig, { place: { kind: 'CONTAINER', id: box.id }, path: '/tmp/sent' }, content);
      await upload(rig, { place: { kind: 'VOLUME', id: name }, path: '/sent' }, content);
      const sums = await box.exec('sha256sum', '/tmp/sent', '/data/sent');
      expect(
        sums
          .trim()
          .split('\n')
          .map((line) => line.split(' ')[0]),
      ).toEqual([digest(content), digest(content)]);
      const again = upload(rig, { place: { kind: 'VOLUME', id: name }, path: '/sent' }, Buffer.from('other'));
      await expect(again).rejects.toThrow(/CONFLICT|file of this name/);
      const place = { kind: 'VOLUME', id: name };
      await upload(rig, { place, path: '/sent', replace: true }, Buffer.from('other'));
      expect(await box.exec('cat', '/data/sent')).toBe('other');
    } finally {
      await docker('volume', 'rm', '--force', name);
    }
  },
};

const changing: Comparison = {
  title: 'folders are made and files renamed and removed as a container that has them would',
  covers: ['FileChangePayload.path', 'Mutation.createFolder', 'Mutation.removeFile', 'Mutation.renameFile'],
  async run(rig) {
    const name = uniqueName();
    await docker('volume', 'create', '--label', 'serverkit.test=1', name);
    try {
      await using box = await container({ options: ['-v', `${name}:/data`] });
      const script =
        'mkdir -p twice/old && echo x >twice/old/x && echo a >twice/a && cp -r twice ours && cp -r twice theirs';
      await box.exec('sh', '-c', `cd /data && ${script}`);
      await box.exec('sh', '-c', 'cd /data/theirs && mkdir new && mv a b && rm -r old');
      const place = { kind: 'VOLUME', id: name };
      const change = async (field: string, type: string, input: object): Promise<string> => {
        const answer = await rig.query<Record<string, { readonly path: string }>>(
          `mutation Change($input: ${type}!) { ${field}(input: $input) { path } }`,
          { input: { serverId: rig.serverId, place, ...input } },
        );
        return answer[field]?.path ?? '';
      };
      expect(await change('createFolder', 'CreateFolderInput', { path: '/ours/new' })).toBe('/ours/new');
      expect(await change('renameFile', 'RenameFileInput', { path: '/ours/a', name: 'b' })).toBe('/ours/b');
      const old = { path: '/ours/old' };
      await expect(change('removeFile', 'RemoveFileInput', old)).rejects.toThrow(/is a folder/);
      expect(await change('removeFile', 'RemoveFileInput', { ...old, recursive: true })).toBe('/ours/old');
      const seen = (folder: string) =>
        box.exec('sh', '-c', `cd /data/${folder} && find . | sort | xargs stat -c '%n %F %a %u %g' && cat b`);
      expect(await seen('ours')).toBe(await seen('theirs'));
    } finally {
      await docker('volume', 'rm', '--force', name);
    }
  },
};

export const dockerFiles: readonly Comparison[] = [reading, inVolumes, writing, changing];
